import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Rig } from '../../rig/rig.ts';
import { contractToken, TunnelClient } from '../../rig/tunnel-client.ts';

const REFUSED = '769';
const rig = new Rig({ name: 'tunnel' });
const clients: TunnelClient[] = [];
const open = (query: Record<string, string>): TunnelClient => {
  const client = new TunnelClient(rig.url, query);
  clients.push(client);
  return client;
};
const allocate = (userId: number): Promise<string> =>
  rig.until(`a desktop for student ${userId}`, async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 7, userId });
    return answer.status === 200 && String(answer.body.ip);
  });
const jwtOf = (sub: number, secret = rig.jwtSecret) =>
  new SignJWT({ username: `u${sub}`, role: 'STUDENT' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(String(sub))
    .setExpirationTime('12h')
    .sign(Buffer.from(secret));
let ip = '';
const token = () => contractToken(rig.guacTokenKey, ip);

beforeAll(async () => {
  await rig.start();
  ip = await allocate(1);
});
afterAll(async () => {
  for (const client of clients) client.close();
  await rig.stop();
});

describe('a student with a token for his desktop', () => {
  test('sees it painted, and his window’s size is taken', async () => {
    const client = open({ token: token(), width: '1024', height: '700', dpi: '96' });
    expect(await client.see('')).toHaveLength(2);
    await client.see('img');
    await client.see('sync');
    // Said once, right after the login: heard all the same.
    client.send('size', '1100', '720');
    await rig.until('the new size', async () => client.screen === '1100x720');
  });

  test('joins a still desktop and sees it at once: the first frame ends with its picture, not with guacd’s next one', async () => {
    const client = open({ token: token() });
    await client.see('end');
    await client.see('sync');
    // The relay's own, right after the screen's picture; guacd's comes up to 250 ms later and has a time.
    expect(client.firstSync).toBe('0');
    expect(client.opcodes.slice(0, client.opcodes.indexOf('sync'))).toContain('img');
  });

  test('has his pings answered, so that his client does not call the tunnel unstable', async () => {
    const client = open({ token: token() });
    await client.see('sync');
    client.last.delete('');
    client.send('', 'ping', '12345');
    expect(await client.see('')).toEqual(['', 'ping', '12345']);
  });

  test('opens a second window: that takes over, and the first is told', async () => {
    const first = open({ token: token() });
    await first.see('sync');
    const second = open({ token: token() });
    await second.see('sync');
    expect(await first.end()).toBe('521');
  });

  test('comes back after a lost network to the same screen', async () => {
    const before = open({ token: token() });
    await before.see('sync');
    before.socket.terminate();
    const again = open({ token: token() });
    await again.see('img');
  });

  test('gets in with his own JWT', async () => {
    const client = open({ token: token(), jwt: await jwtOf(1) });
    await client.see('sync');
  });
});

describe('nobody else gets in, all with the same words', () => {
  test.each<[string, () => Record<string, string> | Promise<Record<string, string>>]>([
    ['no token', () => ({})],
    ['garbage', () => ({ token: 'garbage' })],
    ['a truncated token', () => ({ token: token().slice(0, -8) })],
    ['a token of another key', () => ({ token: contractToken('another key', ip) })],
    ['a token with a changed byte', () => ({ token: flip(token()) })],
    ['a token for a host that is no desktop', () => ({ token: contractToken(rig.guacTokenKey, '127.0.0.1') })],
    [
      'a token for a desktop nobody has',
      async () => ({ token: contractToken(rig.guacTokenKey, await pooledAddress()) }),
    ],
    ['another student’s JWT', async () => ({ token: token(), jwt: await jwtOf(2) })],
    ['a JWT of another key', async () => ({ token: token(), jwt: await jwtOf(1, 'not the secret at all') })],
  ])('%s', async (_name, query) => {
    const client = open(await query());
    expect(await client.end()).toBe(REFUSED);
    expect(client.opcodes).toEqual(['error']);
    expect(client.last.get('error')).toEqual(['error', 'Not allowed', REFUSED]);
  });

  test('with a token of a session that is over, even when its address comes back', async () => {
    const lost = await allocate(3);
    const old = contractToken(rig.guacTokenKey, lost);
    const client = open({ token: old });
    await client.see('sync');
    await rig.call('/api/vdi/cluster/release', { examId: 7, userId: 3 });
    expect(await client.end()).toBe('523');
    expect(await open({ token: old }).end()).toBe(REFUSED);
    const next = await allocate(4);
    expect(next).not.toBe(lost);
    expect(await open({ token: old }).end()).toBe(REFUSED);
  });
});

describe('whatever a client sends, the worker and the others go on', () => {
  test.each<[string, (socket: WebSocket) => void]>([
    ['a binary frame', (socket) => socket.send(Buffer.from([0, 1, 2]))],
    ['text that is no instruction', (socket) => socket.send('hello')],
    ['a length that lies', (socket) => socket.send('4.key,9.1;')],
    ['a frame beyond the limit', (socket) => socket.send('9'.repeat(100_000))],
    [
      'an instruction without end',
      (socket) => {
        for (let part = 0; part < 40; part++) socket.send('99999.'.padEnd(4000, 'x'));
      },
    ],
  ])('%s', async (_name, hurt) => {
    const client = open({ token: token() });
    await client.see('sync');
    hurt(client.socket);
    await client.end();
    expect((await rig.call('/healthz')).status).toBe(200);
  });

  test('raw bytes instead of a handshake, and an upgrade to another path', async () => {
    const elsewhere = new WebSocket(`${rig.url.replace('http', 'ws')}/elsewhere`);
    const status = await new Promise((resolve) =>
      elsewhere.on('unexpected-response', (_request, answer) => resolve(answer.statusCode)),
    );
    expect(status).toBe(404);
    expect((await rig.call('/healthz')).status).toBe(200);
  });

  test('guacd restarted: the desktop is held again and the student comes back', async () => {
    const client = open({ token: token() });
    await client.see('sync');
    await rig.container('guacd').restart({ t: 0 });
    await client.end();
    const again = open({ token: token() });
    await again.see('img');
  });
});

function flip(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  const at = bytes.length - 12;
  bytes[at] = (bytes[at] ?? 0) === 0x41 ? 0x42 : 0x41;
  return bytes.toString('base64');
}

async function pooledAddress(): Promise<string> {
  await rig.call('/api/vdi/cluster/prewarm', { examId: 7, count: 1 });
  return rig.until('a warm desktop', async () => {
    const { desktops } = (await rig.call('/api/vdi/cluster/status')).body;
    return desktops.find(
      (desktop: { userId: number | null; state: string }) => desktop.userId === null && desktop.state === 'warm',
    )?.ip;
  });
}
