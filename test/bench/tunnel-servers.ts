import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import GuacamoleLite from 'guacamole-lite';
import { WebSocketServer } from 'ws';
import type { Desktop } from '../../src/desktop/desktop.ts';
import { TunnelDoor } from '../../src/tunnel/door.ts';
import { openGuacd } from '../../src/tunnel/guacd.ts';
import { joinSettings } from '../../src/tunnel/rdp-settings.ts';
import { tokenKey } from '../../src/tunnel/token.ts';
import { TokenBook } from '../../src/tunnel/token-book.ts';
import type { Calls } from './tunnel-peer.ts';

/** Of no worth: it opens nothing but this bench. */
export const TOKEN_KEY = 'bench-token-key-of-no-worth-1234';
const SCREEN = { width: 1280, height: 800, dpi: 96 };
const HIGH_WATER = 1024 * 1024;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The worker's own door and relay, whole: token, admission, join. Every address is a student's desktop. */
export async function ownTunnel(peerPort: number): Promise<Calls> {
  const door = new TunnelDoor({
    tokenKey: tokenKey(TOKEN_KEY),
    jwtSecret: Buffer.from('unused'),
    requireJwt: false,
    book: new TokenBook(),
    log: silent,
    atAddress: (ip) => seated(ip),
    connection: ({ ip }) => Promise.resolve({ id: `$${ip}`, guacd: { host: '127.0.0.1', port: peerPort } }),
    loseConnection: () => undefined,
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

/** The least that any tunnel in Node does: bytes from a socket into frames and back, nothing read, only not without bound. */
export async function plainPipe(peerPort: number): Promise<Calls> {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', async (browser) => {
    const address = { host: '127.0.0.1', port: peerPort };
    const { socket, rest } = await openGuacd(address, 'rdp', joinSettings(false), SCREEN, AbortSignal.timeout(20_000));
    browser.send(rest, { binary: false });
    const sent = (): void => {
      if (socket.isPaused() && browser.bufferedAmount < HIGH_WATER / 4) socket.resume();
    };
    socket.on('data', (chunk) => {
      browser.send(chunk, { binary: false }, sent);
      if (browser.bufferedAmount > HIGH_WATER) socket.pause();
    });
    browser.on('message', (message: Buffer) => socket.write(message)).on('close', () => socket.destroy());
  });
  return listening(server);
}

async function listening(server: Server): Promise<Calls> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: async () => (server.address() as { port: number }).port };
}
