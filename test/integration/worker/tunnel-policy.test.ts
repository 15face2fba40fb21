import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Clipboard } from '../../../src/tunnel/policy.ts';
import { imageReference } from '../../rig/images.ts';
import { RdpLogin } from '../../rig/rdp-login.ts';
import { endsByItself, Rig } from '../../rig/rig.ts';
import { Seat } from '../../rig/seat.ts';
import { contractToken, TunnelClient } from '../../rig/tunnel-client.ts';

// Text goes through a student's own tunnel and a text field of the exam page, both ways, for each setting of the worker.
const SITE = 'odd.school.test';
const SETTLED_MS = 1_500;
const CONTROL = '65507';
const MINE = 'từ máy của tôi';
const rig = new Rig({
  name: 'tunnel-policy',
  env: { EXAM_BROWSER_URL: `http://${SITE}/typing`, EXAM_ALLOWED_DOMAINS: SITE },
});
const clients: { close(): void }[] = [];
let seats = 0;

beforeAll(async () => {
  await rig.start();
  const command = ['node', 'test/rig/odd-site.ts'];
  await rig.service('odd-site', imageReference('NODE_IMAGE'), command, `${rig.prefix}.0.41`, [SITE]);
});
afterAll(async () => {
  for (const client of clients) client.close();
  await rig.stop();
});

/** A student who sits down at a desktop of a worker with these settings. */
async function sitDown(
  clipboard: Clipboard,
  more: Record<string, string> = {},
): Promise<{ client: TunnelClient; ip: string; containerId: string }> {
  // Also with the window of who sat down before still open.
  await endsByItself(rig);
  rig.setEnv({ TUNNEL_CLIPBOARD: clipboard, ...more });
  await rig.startWorker();
  const userId = ++seats;
  const { ip, containerId } = await rig.until('a desktop', async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 7, userId });
    return answer.status === 200 && answer.body;
  });
  const client = new TunnelClient(rig.url, { token: contractToken(rig.guacTokenKey, ip) });
  clients.push(client);
  await client.see('sync');
  await pause(SETTLED_MS);
  return { client, ip, containerId };
}

async function press(client: { send(...key: [string, ...string[]]): void }, key: string): Promise<void> {
  for (const [keysym, down] of [
    [CONTROL, '1'],
    [String(key.charCodeAt(0)), '1'],
    [String(key.charCodeAt(0)), '0'],
    [CONTROL, '0'],
  ] as const) {
    client.send('key', keysym, down);
    await pause(60);
  }
}

async function told(prefix: string): Promise<string[]> {
  const asked = (await (await fetch(`http://${rig.prefix}.0.41/asked`)).json()) as { path: string }[];
  return asked
    .map(({ path }) => decodeURIComponent(path))
    .flatMap((path) => (path.startsWith(prefix) ? path.slice(prefix.length) : []));
}

const pasted = (): Promise<string[]> => told('/typed/pasted ');

async function paste(client: TunnelClient, text: string): Promise<void> {
  client.send('clipboard', '0', 'text/plain');
  client.send('blob', '0', Buffer.from(text).toString('base64'));
  client.send('end', '0');
  await pause(500);
  await press(client, 'v');
}

async function copy(client: TunnelClient): Promise<void> {
  await press(client, 'a');
  await press(client, 'c');
}

/** The text of the last clipboard that came to this browser. */
const copied = (client: TunnelClient): string | undefined => {
  const [, stream] = client.last.get('clipboard') ?? [];
  const [, of, text = ''] = client.last.get('blob') ?? [];
  return stream !== undefined && of === stream ? Buffer.from(text, 'base64').toString() : undefined;
};

describe.each<[Clipboard, boolean, boolean]>([
  ['in', true, false],
  ['out', false, true],
  ['off', false, false],
])('clipboard %s', (clipboard, goesIn, goesOut) => {
  let student: Awaited<ReturnType<typeof sitDown>>;
  beforeAll(async () => {
    student = await sitDown(clipboard);
  });

  test(`text ${goesOut ? 'comes' : 'does not come'} out`, async () => {
    await copy(student.client);
    if (goesOut) await rig.until('the copied text', async () => copied(student.client) === 'Type here');
    await pause(1_500);
    expect(student.client.opcodes.includes('clipboard')).toBe(goesOut);
  });

  test(`text ${goesIn ? 'goes' : 'does not go'} in`, async () => {
    const text = `${MINE} ${clipboard}`;
    await paste(student.client, text);
    if (goesIn) await rig.until('the pasted text', async () => (await pasted()).includes(text));
    await pause(1_500);
    expect((await pasted()).filter((each) => each.includes(MINE) && each.endsWith(clipboard)).length > 0).toBe(goesIn);
  });

  test('the desktop holds it alone, too: guacd opened wide, past the worker, changes nothing', async () => {
    const password = await Seat.passwordOf(student.containerId);
    const guacd = await rig.addressOf('guacd');
    await rig.stopWorker();
    const login = await RdpLogin.open(guacd, {
      hostname: student.ip,
      port: '3389',
      username: 'student',
      password,
      security: 'any',
      'ignore-cert': 'true',
      'disable-copy': 'false',
      'disable-paste': 'false',
    });
    clients.push(login);
    await rig.until('a screen painted', async () => login.opcodes.has('img') && login.opcodes.has('sync'));
    await pause(SETTLED_MS);
    await login.type(['Control', 'a'], ['Control', 'c']);
    await pause(1_500);
    expect(login.opcodes.has('clipboard')).toBe(goesOut);
    const text = `${MINE} past the worker ${clipboard}`;
    login.send(['clipboard', '0', 'text/plain']);
    login.send(['blob', '0', Buffer.from(text).toString('base64')]);
    login.send(['end', '0']);
    await pause(500);
    await login.type(['Control', 'v']);
    await pause(2_000);
    expect((await pasted()).includes(text)).toBe(goesIn);
  });
});

describe('another keyboard layout and resizing by a new login', () => {
  let student: Awaited<ReturnType<typeof sitDown>>;
  beforeAll(async () => {
    student = await sitDown('off', { TUNNEL_KEYBOARD_LAYOUT: 'fr-fr-azerty', TUNNEL_RESIZE: 'reconnect' });
  });

  test('the same characters arrive, those of the layout’s own keys too', async () => {
    const { client } = student;
    await press(client, 'a');
    for (const key of 'Aqwz m1,é') {
      client.send('key', String(key.codePointAt(0)), '1');
      await pause(60);
      client.send('key', String(key.codePointAt(0)), '0');
      await pause(60);
    }
    await rig.until('the text', async () => (await told('/text/')).includes('Aqwz m1,é'));
  });

  test('the new size is taken, and the desktop is the same', async () => {
    const { client } = student;
    client.send('size', '1000', '640');
    await rig.until('the new size', async () => client.screen === '1000x640');
    expect(client.closed).toBeUndefined();
    await pause(SETTLED_MS);
    await press(client, 'a');
    client.send('key', '98', '1');
    client.send('key', '98', '0');
    await rig.until('a letter typed after it', async () => (await told('/text/')).at(-1) === 'b');
  });
});
