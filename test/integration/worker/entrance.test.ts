import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectionKey, makeConnectionToken, readConnectionToken } from '../../../src/tunnel/connection-token.ts';
import { Rig } from '../../rig/rig.ts';
import { contractToken, type FromWhere, TunnelClient } from '../../rig/tunnel-client.ts';

const REFUSED = '769';
const examId = 7;
const rig = new Rig({ name: 'entrance', env: { EXAM_BROWSER_AUTOSTART: 'false' } });
const clients: TunnelClient[] = [];
const secrets = new Set<string>();
/** Each visit has an address of its own, or the limit of one would refuse the next. */
let visitor = 0;

type Query = Record<string, string>;
interface Seated {
  readonly ip: string;
  readonly connection: { readonly url: string; readonly token: string; readonly expiresAt: string };
}

const open = (query: Query, from: FromWhere = {}): TunnelClient => {
  for (const name of ['token', 'connection', 'jwt'])
    if ((query[name]?.length ?? 0) > 20) secrets.add(query[name] ?? '');
  const client = new TunnelClient(rig.url, query, { localAddress: `127.0.1.${++visitor}`, ...from });
  clients.push(client);
  return client;
};
const comesIn = async (query: Query, from?: FromWhere): Promise<TunnelClient> => {
  const client = open(query, from);
  await client.see('sync');
  return client;
};
const isRefused = async (query: Query, from?: FromWhere): Promise<void> => {
  const client = open(query, from);
  expect(await client.end()).toBe(REFUSED);
  expect(client.opcodes).toEqual(['error']);
  expect(client.last.get('error')).toEqual(['error', 'Not allowed', REFUSED]);
};
const seat = (userId: number): Promise<Seated> =>
  rig.until(`a desktop for student ${userId}`, async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId, userId });
    return answer.status === 200 && answer.body;
  });
const release = (userId: number) => rig.call('/api/vdi/cluster/release', { examId, userId });
const contract = (ip: string, key = rig.guacTokenKey) => contractToken(key, ip);
const jwtOf = (sub: number, secret = rig.jwtSecret, role = 'STUDENT') =>
  new SignJWT({ username: `u${sub}`, role })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(String(sub))
    .setExpirationTime('12h')
    .sign(Buffer.from(secret));
/** Another connection token of the allocation that this one is for. */
const remade = async (token: string, change: object, keyText = rig.guacTokenKey): Promise<string> => {
  const claims = await readConnectionToken(token, connectionKey(rig.guacTokenKey));
  if (!claims) throw new Error('no connection token of this worker');
  return makeConnectionToken({ ...claims, ...change }, connectionKey(keyText));
};
const redis = async (...command: string[]): Promise<string> =>
  (await rig.exec(`${rig.code}-redis`, ['redis-cli', ...command])).output.trim();
const recordOf = async (userId: number) =>
  JSON.parse((await redis('--raw', 'get', `vdi:tunnel:exam:${examId}:user:${userId}`)) || 'null');

let one: Seated;
let two: Seated;
let pooled = '';
let quarantined = '';

beforeAll(async () => {
  await rig.start();
  one = await seat(1);
  two = await seat(2);
  await rig.call('/api/vdi/cluster/prewarm', { examId, count: 2 });
  const warm = await rig.until('two warm desktops', async () => {
    const { desktops } = (await rig.call('/api/vdi/cluster/status')).body;
    const found = desktops.filter(
      (each: { state: string; userId: number | null }) => each.userId === null && each.state === 'warm',
    );
    return found.length === 2 && found;
  });
  pooled = warm[0].ip;
  quarantined = warm[1].ip;
  await rig.docker.getContainer(warm[1].name).rename({ name: `exam_${examId}_quarantine_${Date.now().toString(16)}` });
  await rig.call('/api/vdi/cluster/reconcile', {});
  await rig.until(
    'one in quarantine',
    async () => (await rig.call('/api/vdi/cluster/status')).body.quarantine.count === 1,
  );
});
afterAll(async () => {
  for (const client of clients) client.close();
  await rig.stop();
});

describe('the connection token that allocate answers', () => {
  test('opens the desktop; what is known of the session is in Redis, the sums in the metrics', async () => {
    expect(one.connection.url).toBe('/guaclite');
    const left = Date.parse(one.connection.expiresAt) - Date.now();
    expect([left > 270_000, left <= 300_000]).toEqual([true, true]);
    const client = await comesIn({ connection: one.connection.token });
    const record = await rig.until('the session’s record', async () => {
      const found = await recordOf(1);
      return found?.connected && found;
    });
    expect(record).toMatchObject({ connected: true, tunnels: 1 });
    expect(Date.now() - Date.parse(record.lastSeenAt)).toBeLessThan(20_000);
    client.close();
    const after = await rig.until('that he has gone', async () => {
      const found = await recordOf(1);
      return found?.connected === false && found;
    });
    expect(after.bytesToBrowser).toBeGreaterThan(1_000);
    expect(after.latencyMs).toBeLessThan(1_000);
    const { body: metrics } = await rig.call('/metrics');
    expect(metrics).toMatch(/vdi_tunnel_opening_seconds_count [1-9]/);
    expect(metrics).toMatch(/vdi_tunnel_latency_seconds_count [1-9]/);
    expect(metrics).toMatch(/vdi_tunnel_bytes_total\{to="browser"\} [1-9]/);
    expect(metrics).not.toMatch(/exam_\d+_u\d+|userId|student/i);
    expect((await rig.call('/metrics', undefined, {})).status).toBe(401);
  });

  test('opens it again after its time, while a tunnel was open a moment ago: a network that comes back', async () => {
    await comesIn({ connection: await remade(one.connection.token, { exp: Math.floor(Date.now() / 1000) - 3600 }) });
  });

  test('of the same allocation goes on through a refresh: each allocate answers a fresh one for it', async () => {
    const again = await seat(1);
    const allocation = async (token: string) =>
      (await readConnectionToken(token, connectionKey(rig.guacTokenKey)))?.allocation;
    expect(await allocation(again.connection.token)).toBe(await allocation(one.connection.token));
  });
});

describe('nobody else gets in, all with the same words', () => {
  const token = () => contract(one.ip);
  const connection = () => one.connection.token;
  const past = () => Math.floor(Date.now() / 1000) - 1;

  test.each<[string, () => Query | Promise<Query>]>([
    ['no token', () => ({})],
    ['garbage', () => ({ token: 'garbage' })],
    ['a truncated token', () => ({ token: token().slice(0, -8) })],
    ['a token of another key', () => ({ token: contract(one.ip, 'another key') })],
    ['a token with a changed byte', () => ({ token: flip(token()) })],
    ['a token for a host that is no desktop', () => ({ token: contract('127.0.0.1') })],
    ['a token for a desktop nobody has', () => ({ token: contract(pooled) })],
    ['a token for a desktop in quarantine', () => ({ token: contract(quarantined) })],
    ['another student’s login', async () => ({ token: token(), jwt: await jwtOf(2) })],
    ['a login of another key', async () => ({ token: token(), jwt: await jwtOf(1, 'not the secret at all') })],
    ['a connection token that is garbage', () => ({ connection: 'garbage' })],
    ['a truncated connection token', () => ({ connection: connection().slice(0, -8) })],
    ['a connection token with a changed byte', () => ({ connection: turned(connection()) })],
    ['a connection token of another key', async () => ({ connection: await remade(connection(), {}, 'another key') })],
    ['a connection token for another student', async () => ({ connection: await remade(connection(), { sub: 2 }) })],
    [
      'a connection token that has run out',
      async () => ({ connection: await remade(two.connection.token, { exp: past() }) }),
    ],
    [
      'a connection token with another student’s login',
      async () => ({ connection: connection(), jwt: await jwtOf(2) }),
    ],
    ['a bad connection token beside a good token', () => ({ connection: 'garbage', token: token() })],
  ])('%s', async (_name, query) => isRefused(await query()));

  test('and those whom they are of come in all the same', async () => {
    await comesIn({ token: token(), jwt: await jwtOf(1) });
    await comesIn({ connection: two.connection.token, jwt: await jwtOf(2) });
  });

  test('with tokens of a session that is over; a release says so to the one who was there', async () => {
    const three = await seat(3);
    const used = contract(three.ip);
    const client = await comesIn({ token: used });
    const joined = await comesIn({ connection: three.connection.token });
    expect(await client.end()).toBe('521');
    await release(3);
    expect(await joined.end()).toBe('523');
    expect(await recordOf(3)).toBeNull();
    await isRefused({ token: used });
    await isRefused({ connection: three.connection.token });
    const again = await seat(3);
    await isRefused({ connection: three.connection.token });
    await isRefused({ token: used });
    await comesIn({ connection: again.connection.token });
    expect(await recordOf(3)).toMatchObject({ tunnels: 1 });
  });

  test('with a token whose address is another student’s now, after a restart too', async () => {
    const four = await seat(4);
    const used = contract(four.ip);
    await comesIn({ token: used });
    await release(4);
    // Nothing warm may be left, or he would get that one.
    await rig.call('/api/vdi/cluster/prewarm', { examId, count: 0 });
    await rig.call('/api/vdi/cluster/drain', { draining: true });
    await rig.until('an empty pool', async () => {
      const { desktops } = (await rig.call('/api/vdi/cluster/status')).body;
      return desktops.every(({ ip, userId, state }: { ip: string; userId: number | null; state: string }) =>
        userId === null ? state === 'quarantined' : ip !== four.ip,
      );
    });
    // The round of addresses is set back, as if it had gone all the way round.
    await rig.stopWorker();
    await redis(
      'set',
      'vdi:address-cursor',
      four.ip.replace(/\d+$/, (last) => String(Number(last) - 1)),
    );
    await rig.startWorker();
    await rig.call('/api/vdi/cluster/drain', { draining: false });
    const five = await seat(5);
    expect(five.ip).toBe(four.ip);
    await isRefused({ token: used });
    await isRefused({ connection: four.connection.token });
    await comesIn({ token: contract(five.ip) });
  });

  test('after too many tries from one address; others, and what cannot be guessed, come in', async () => {
    const guesser = { localAddress: '127.0.2.1' };
    await Promise.all(Array.from({ length: 30 }, () => isRefused({ token: 'garbage' }, guesser)));
    await isRefused({ token: token() }, guesser);
    await comesIn({ connection: connection() }, guesser);
    await comesIn({ token: token() }, { localAddress: '127.0.2.2' });
  });
});

describe('where a login and a page of ours are asked for, and a second window is refused', () => {
  const origin = 'https://exam.school.test';
  beforeAll(async () => {
    await rig.stopWorker();
    rig.setEnv({
      TUNNEL_REQUIRE_JWT: 'true',
      TUNNEL_ALLOWED_ORIGINS: origin,
      TUNNEL_SECOND_TAB: 'refuse',
      TUNNEL_TRUSTED_PROXIES: '127.0.3.0/24',
      TUNNEL_KEEPALIVE_SEC: '2',
    });
    await rig.startWorker();
  });

  test.each<[string, () => Promise<[Query, FromWhere]>]>([
    ['no login', async () => [{ token: contract(one.ip) }, { origin }]],
    ['no login beside a connection token', async () => [{ connection: one.connection.token }, { origin }]],
    ['another student’s login', async () => [{ token: contract(one.ip), jwt: await jwtOf(2) }, { origin }]],
    [
      'another student’s login in a cookie',
      async () => [{ token: contract(one.ip) }, { origin, cookie: `access_token=${await jwtOf(2)}` }],
    ],
    ['a foreign page', async () => [{ token: contract(one.ip), jwt: await jwtOf(1) }, { origin: 'https://evil.test' }]],
    ['no page', async () => [{ token: contract(one.ip), jwt: await jwtOf(1) }, {}]],
  ])('%s: the same refusal', async (_name, visit) => isRefused(...(await visit())));

  test('the student comes in with his login in the query or a cookie, by tokens of before the restart too', async () => {
    const byCookie = { origin, cookie: `theme=dark; access_token=${await jwtOf(1)}` };
    for (const [query, from] of [
      [{ token: contract(one.ip), jwt: await jwtOf(1) }, { origin }],
      [{ token: contract(one.ip) }, byCookie],
      [{ connection: one.connection.token }, byCookie],
    ] as [Query, FromWhere][]) {
      const client = await comesIn(query, from);
      client.close();
      await client.end();
    }
  });

  test('a second window is refused while the first one lives; one that lost its network keeps nobody out', async () => {
    const query = { connection: one.connection.token, jwt: await jwtOf(1) };
    const first = await comesIn(query, { origin });
    expect(await open(query, { origin }).end()).toBe('517');
    first.last.delete('');
    first.send('', 'ping', '1');
    await first.see('');
    // It hears nothing and answers nothing any more, and its connection still stands.
    first.socket.pause();
    await comesIn(query, { origin });
  });

  test('a window that has lost its network though nothing closed its connection is ended, and its student is away; one that answers stays', async () => {
    const desktopOf = async (userId: number) =>
      (await rig.call('/api/vdi/cluster/status')).body.desktops.find(
        ({ name }: { name: string }) => name === `exam_${examId}_u${userId}`,
      );
    const connected = async (): Promise<boolean[]> =>
      Promise.all([1, 2].map(async (userId) => (await desktopOf(userId))?.connected));
    for (const client of clients) client.close();
    await rig.until('that nobody is there', async () => !(await connected()).includes(true));
    const lost = await comesIn({ connection: one.connection.token, jwt: await jwtOf(1) }, { origin });
    const idle = await comesIn({ token: contract((await seat(2)).ip), jwt: await jwtOf(2) }, { origin });
    expect(await connected()).toEqual([true, true]);
    const proctor = await comesIn({ watch: '7:2', jwt: await jwtOf(90, rig.jwtSecret, 'PROCTOR') }, { origin });
    const watchers = async (): Promise<number> => (await desktopOf(2))?.watchers;
    expect(await watchers()).toBe(1);
    for (const { socket } of [lost, proctor]) socket.pause();
    // Beside the keep-alive's time nothing is waited for: not for a goodbye that never comes.
    await rig.until('that he counts as away', async () => !(await connected())[0], 12_000);
    await rig.until('that the proctor’s place is free', async () => (await watchers()) === 0, 12_000);
    expect(await connected()).toEqual([false, true]);
    expect(await recordOf(1)).toMatchObject({ connected: false });
    lost.socket.resume();
    expect(await lost.end()).toBe('776');
    expect(idle.closed).toBeUndefined();
  });

  test('a proxy of ours is believed about who came', async () => {
    await isRefused(
      { token: 'garbage' },
      { origin, localAddress: '127.0.3.1', headers: { 'x-forwarded-for': '203.0.113.9' } },
    );
    await isRefused(
      { token: 'garbage' },
      { origin, localAddress: '127.0.4.1', headers: { 'x-forwarded-for': '203.0.113.10' } },
    );
    expect(rig.log).toContain('"from":"203.0.113.9"');
    expect(rig.log).not.toContain('203.0.113.10');
  });

  test('the log says why each was refused, and holds no token, no login', () => {
    for (const why of [
      'origin',
      'too-many',
      'token',
      'expired',
      'earlier-session',
      'no-desktop',
      'no-login',
      'foreign-login',
    ])
      if (why !== 'too-many') expect(rig.log).toContain(`"why":"${why}"`);
    expect(rig.log).toContain('limit reached');
    expect(secrets.size).toBeGreaterThan(20);
    for (const secret of secrets) expect(rig.log).not.toContain(secret.slice(0, 40));
    for (const secret of [rig.guacTokenKey, rig.jwtSecret, rig.clusterToken]) expect(rig.log).not.toContain(secret);
  });
});

function flip(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  const at = bytes.length - 12;
  bytes[at] = (bytes[at] ?? 0) === 0x41 ? 0x42 : 0x41;
  return bytes.toString('base64');
}

/** The same token with one byte of what it holds turned. */
function turned(token: string): string {
  const parts = token.split('.');
  const held = Buffer.from(parts[3] ?? '', 'base64url');
  held[5] = (held[5] ?? 0) ^ 1;
  parts[3] = held.toString('base64url');
  return parts.join('.');
}
