import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { queryObjects } from 'node:v8';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readWorkerConfig } from '../../../src/config.ts';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import { Metrics } from '../../../src/http/metrics.ts';
import { encode } from '../../../src/tunnel/instruction.ts';
import { Pulse } from '../../../src/tunnel/pulse.ts';
import { Relay } from '../../../src/tunnel/relay.ts';
import { openTunnel, type Tunnel } from '../../../src/worker-tunnel.ts';
import { seated as desktop, seat } from '../../rig/seated.ts';
import { contractToken, type FromWhere, TunnelClient } from '../../rig/tunnel-client.ts';
import { tunnelParts } from '../../rig/tunnel-parts.ts';

const SECRET = 'a secret of the test that is long';
const ENV = {
  WORKER_CODE: 'w',
  WORKER_CLUSTER_TOKEN: SECRET,
  JWT_SECRET: SECRET,
  GUAC_TOKEN_KEY: SECRET,
  EXAM_NETWORK: 'w_exam_net',
  WORKER_TUNNEL_URL: 'wss://worker.school.test/w2/',
};
const clients: TunnelClient[] = [];
let guacd: TcpServer;
/** Sockets that guacd holds without an answer. */
let silent: boolean;
/** guacd's ends of the open connections, oldest first. */
let lines: Socket[];
let logged: object[];
let desktops: Desktop[];
let metrics: Metrics;
let tunnel: Tunnel;
let server: Server;

beforeEach(async () => {
  silent = false;
  lines = [];
  guacd = createTcpServer((socket) => answer(socket)).listen(0, '127.0.0.1');
  await once(guacd, 'listening');
  await opened();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.socket.terminate();
  tunnel.door.close();
  server.close();
  guacd.close();
});

/** As far as a handshake and one frame go. */
function answer(socket: Socket): void {
  let said = '';
  lines.push(socket);
  socket
    .on('error', () => undefined)
    .on('close', () => lines.splice(lines.indexOf(socket), 1))
    .on('data', (chunk: Buffer) => {
      if (silent) return;
      said += chunk.toString('latin1');
      if (/^6\.select,[^;]*;$/.test(said)) socket.write(encode(['args', 'VERSION_1_5_0', 'hostname', 'read-only']));
      if (!/7\.connect,[^;]*;$/.test(said)) return;
      socket.write(encode(['ready', '$1']) + encode(['size', '0', '1024', '768']) + encode(['sync', '5']));
    });
}

async function opened(env: Record<string, string> = {}): Promise<void> {
  logged = [];
  desktops = [desktop];
  metrics = new Metrics();
  const { port } = guacd.address() as { port: number };
  const note = (fields: object): void => void logged.push(fields);
  tunnel = openTunnel({
    settings: readWorkerConfig({ ...ENV, ...env }),
    ...tunnelParts(port),
    metrics,
    log: { info: note, warn: note, error: note },
    atAddress: (ip) => desktops.find((each) => each.ip === ip),
    atSeat: ({ userId }) => desktops.find(({ name }) => name.endsWith(`_u${userId}`)),
  });
  server = createServer().on('upgrade', tunnel.door.onUpgrade).listen(0, '127.0.0.1');
  await once(server, 'listening');
}

const open = (query: Record<string, string>, from: FromWhere = {}): TunnelClient => {
  const client = new TunnelClient(`http://127.0.0.1:${(server.address() as { port: number }).port}`, query, from);
  clients.push(client);
  return client;
};
const connection = async () => ({ connection: (await tunnel.connectionOf(seat)).token });
const jwtOf = (sub: number) =>
  new SignJWT({ sub: sub as unknown as string })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(Buffer.from(SECRET));

test('allocate’s answer says where browsers reach the worker, and until when a first tunnel opens', async () => {
  const { url, expiresAt } = await tunnel.connectionOf(seat);
  expect(url).toBe('wss://worker.school.test/w2/guaclite');
  expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(290_000);
});

describe('a student comes in', () => {
  test('with a connection token, and with the contract’s; the second takes over', async () => {
    const first = open(await connection());
    await first.see('sync');
    const second = open({ token: contractToken(SECRET, desktop.ip) });
    await second.see('sync');
    expect(await first.end()).toBe('521');
    expect((await metrics.text()).body).toMatch(/vdi_tunnels_open 1\n/);
  });

  test('and hears that the session is over, also while he still waits for guacd', async () => {
    const there = open(await connection());
    await there.see('sync');
    tunnel.door.endSession('c1');
    expect(await there.end()).toBe('523');
    silent = true;
    const waiting = open(await connection());
    await expect.poll(() => waiting.socket.readyState).toBe(1);
    const over = setInterval(() => tunnel.door.endSession('c1'), 10);
    expect(await waiting.end()).toBe('523');
    clearInterval(over);
  });

  test('by the newest of windows that he opens faster than guacd answers', async () => {
    silent = true;
    const query = await connection();
    const all = Array.from({ length: 3 }, () => open(query));
    await expect.poll(() => all.filter(({ closed }) => closed?.reason === '521').length).toBe(2);
  });

  test('to a desktop that is away just now: no refusal, his page tries again', async () => {
    const query = await connection();
    desktops = [];
    expect(await open(query).end()).toBe('514');
  });
});

test('who is refused hears the same, whatever the reason; the reason is in the log and the counts, the token in neither', async () => {
  server.close();
  await opened({ TUNNEL_REQUIRE_JWT: 'true', TUNNEL_ALLOWED_ORIGINS: 'https://exam.school.test' });
  const origin = 'https://exam.school.test';
  const query = await connection();
  const visits: [Record<string, string>, FromWhere, string][] = [
    [{ ...query, jwt: await jwtOf(42) }, {}, 'origin'],
    [query, { origin }, 'no-login'],
    [{ ...query, jwt: await jwtOf(43) }, { origin }, 'foreign-login'],
    [query, { origin, cookie: `access_token=${await jwtOf(43)}` }, 'foreign-login'],
    [{ connection: 'garbage', jwt: await jwtOf(42) }, { origin }, 'token'],
    [{ token: contractToken(SECRET, '10.213.9.9'), jwt: await jwtOf(42) }, { origin }, 'no-desktop'],
  ];
  for (const [said, from] of visits) {
    const client = open(said, from);
    expect(await client.end()).toBe('769');
    expect([client.opcodes, client.last.get('error')]).toEqual([['error'], ['error', 'Not allowed', '769']]);
  }
  expect(logged.map((fields) => (fields as { why?: string }).why)).toEqual(visits.map(([, , why]) => why));
  expect(JSON.stringify(logged)).not.toContain(query.connection.slice(0, 40));
  const { body } = await metrics.text();
  expect(body).toContain('vdi_tunnel_refused_total{why="foreign-login"} 2');
  expect(body).not.toContain(query.connection.slice(0, 40));
  const client = open(query, { origin, cookie: `a=b; access_token=${await jwtOf(42)}` });
  await client.see('sync');
});

test('a second window is refused by setting while the first one answers', async () => {
  server.close();
  await opened({ TUNNEL_SECOND_TAB: 'refuse' });
  const query = await connection();
  const first = open(query);
  await first.see('sync');
  expect(await open(query).end()).toBe('517');
  expect(first.closed).toBeUndefined();
  first.socket.terminate();
  await expect.poll(() => tunnel.tunnels.ids().size).toBe(0);
  await open(query).see('sync');
});

test('an address with more handshakes under way than there are desktops is told to wait; others come in', async () => {
  silent = true;
  desktops = Array.from({ length: 52 }, (_, at) => ({
    ...desktop,
    containerId: `c${at}`,
    ip: `10.213.2.${at + 1}`,
  }));
  const [last, ...hanging] = desktops.map(({ ip }) => ({ token: contractToken(SECRET, ip) }));
  const waiting = hanging.map((query) => open(query));
  await expect.poll(() => waiting.every(({ socket }) => socket.readyState === 1)).toBe(true);
  expect(await open({ token: 'garbage' }).end()).toBe('513');
  const elsewhere = open(last ?? {}, { localAddress: '127.0.0.2' });
  silent = false;
  await elsewhere.see('sync');
  expect(waiting.every(({ closed }) => closed === undefined)).toBe(true);
});

test('tunnels that are over leave nothing in memory, whoever ended them and how', async () => {
  const count = (): number[] => [Relay, Pulse].map((kind) => queryObjects(kind, { format: 'count' }));
  const query = await connection();
  const ways: ((client: TunnelClient) => void)[] = [
    (client) => client.close(),
    (client) => client.socket.terminate(),
    () => tunnel.door.endSession('c1'),
    () => open(query),
    () => void lines.at(-1)?.destroy(),
  ];
  for (let round = 0; round < 4 * ways.length; round++) {
    const client = open(query);
    await client.see('sync');
    ways[round % ways.length]?.(client);
    await client.end();
  }
  tunnel.door.endSession('c1');
  clients.length = 0;
  await expect.poll(count, { timeout: 20_000, interval: 500 }).toEqual([0, 0]);
}, 40_000);
