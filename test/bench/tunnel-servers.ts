import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { BlockList, connect, type Socket } from 'node:net';
import GuacamoleLite from 'guacamole-lite';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Desktop } from '../../src/desktop/desktop.ts';
import { Metrics } from '../../src/http/metrics.ts';
import { Inlet } from '../../src/tunnel/inlet.ts';
import { encode } from '../../src/tunnel/instruction.ts';
import { CLOSED } from '../../src/tunnel/policy.ts';
import { giveSlab, takeSlab } from '../../src/tunnel/slabs.ts';
import { tokenKey } from '../../src/tunnel/token.ts';
import { openTunnel } from '../../src/worker-tunnel.ts';
import type { Calls } from './tunnel-peer.ts';

/** Of no worth: it opens nothing but this bench. */
export const TOKEN_KEY = 'bench-token-key-of-no-worth-1234';
const SCREEN = { width: 1280, height: 800, dpi: 96 };
const HIGH_WATER = 1024 * 1024;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The worker's own door and relay, whole: token, admission, join. Every address is a student's desktop. */
export async function ownTunnel(peerPort: number): Promise<Calls> {
  const { signal: over } = new AbortController();
  const { door } = openTunnel({
    settings: {
      guacTokenKey: TOKEN_KEY,
      jwtSecret: 'unused',
      tunnel: {
        url: undefined,
        requireJwt: false,
        jwtCookie: 'unused',
        allowedOrigins: [],
        trustedProxies: new BlockList(),
        metricsToken: undefined,
        secondTab: 'takeover',
        keepAliveMs: 10_000,
      },
      policy: CLOSED,
      recording: undefined,
    },
    maxDesktops: 1_000,
    store: { load: async () => undefined, save: async () => undefined, remove: async () => undefined },
    tokens: { bind: async (_digest, containerId) => containerId },
    metrics: new Metrics(),
    onlookers: {
      watch: () => Promise.resolve(),
      record: () => undefined,
      endSession: () => undefined,
      close: () => undefined,
    },
    log: silent,
    joining: {
      connection: ({ ip }) => Promise.resolve({ id: `$${ip}`, guacd: { host: '127.0.0.1', port: peerPort }, over }),
      loseConnection: () => undefined,
    },
    atAddress: (ip) => seated(ip),
    atSeat: () => undefined,
  });
  return listening(createServer().on('upgrade', door.onUpgrade));
}

function seated(ip: string): Desktop {
  const labels = { worker: 'bench', examId: 1, desktopId: ip, imageId: 'none', template: 'none' };
  const place = { kind: 'seat', seat: { examId: 1, userId: 1 } } as const;
  return { containerId: ip, name: 'exam_1_u1', place, labels, ip, state: 'warm', createdAt: 0 };
}

/** What people take: as its own documentation sets it up, without its log and its time limit. */
export async function guacamoleLite(peerPort: number): Promise<Calls> {
  const server = createServer();
  new GuacamoleLite(
    { server },
    { host: '127.0.0.1', port: peerPort },
    { crypt: { cypher: 'AES-256-CBC', key: tokenKey(TOKEN_KEY) }, log: { level: 'QUIET' }, maxInactivityTime: 0 },
  );
  return listening(server);
}

/** What a tunnel in Node is at its plainest: a stream's chunks into frames and back, nothing looked at, only not without bound. */
export async function plainPipe(peerPort: number): Promise<Calls> {
  return pipes(async (browser) => {
    const socket = connect({ host: '127.0.0.1', port: peerPort, noDelay: true });
    const first = await shakeHands(socket);
    const sent = (): void => {
      if (socket.isPaused() && browser.bufferedAmount < HIGH_WATER / 4) socket.resume();
    };
    socket.on('data', (chunk) => {
      browser.send(chunk, { binary: false }, sent);
      if (browser.bufferedAmount > HIGH_WATER) socket.pause();
    });
    browser.send(first, { binary: false });
    return socket;
  });
}

/** The same with the relay's own way to read and to keep memory: what is left is the kernel's work, and Node's for each call. */
export async function leanPipe(peerPort: number): Promise<Calls> {
  return pipes(async (browser) => {
    const inlet = new Inlet({ host: '127.0.0.1', port: peerPort });
    const { socket } = inlet;
    const first = await shakeHands(socket);
    inlet.take((bytes) => {
      const slab = takeSlab(bytes.length);
      bytes.copy(slab);
      browser.send(slab.subarray(0, bytes.length), { binary: false }, () => {
        giveSlab(slab);
        if (socket.isPaused() && browser.bufferedAmount < HIGH_WATER / 4) socket.resume();
      });
      if (browser.bufferedAmount > HIGH_WATER) socket.pause();
    });
    browser.send(first, { binary: false });
    return socket;
  });
}

async function pipes(open: (browser: WebSocket) => Promise<Socket>): Promise<Calls> {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', async (browser) => {
    const socket = await open(browser);
    browser.on('message', (message: Buffer) => socket.write(message)).on('close', () => socket.destroy());
  });
  return listening(server);
}

/** As the scripted guacd wants it. @returns its `ready` */
async function shakeHands(socket: Socket): Promise<Buffer> {
  socket.on('error', () => undefined);
  socket.write(encode(['select', 'rdp']));
  await heard(socket);
  const { width, height, dpi } = SCREEN;
  socket.write(
    encode(['size', String(width), String(height), String(dpi)]) + encode(['connect', 'VERSION_1_3_0', '', '']),
  );
  return heard(socket);
}

async function heard(socket: Socket): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read();
    if (bytes) return bytes;
    await once(socket, 'readable', { signal: AbortSignal.timeout(10_000) });
  }
}

async function listening(server: Server): Promise<Calls> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: async () => (server.address() as { port: number }).port };
}
