import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../../../src/tunnel/instruction.ts';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';
import { contractToken, TunnelClient } from '../../rig/tunnel-client.ts';

const MB = 1024 * 1024;
const EXAM = 7;
const STUDENT = 1;
const SEAT = `${EXAM}:${STUDENT}`;
const recordings = await mkdtemp(join(tmpdir(), 'vdi-recordings-'));
const SITE = 'odd.school.test';
const rig = new Rig({
  name: 'watch',
  env: {
    TUNNEL_RECORDING: 'on',
    RECORDING_DIR: recordings,
    EXAM_BROWSER_URL: `http://${SITE}/noise`,
    EXAM_ALLOWED_DOMAINS: SITE,
  },
});
const clients: TunnelClient[] = [];
const open = (query: Record<string, string>): TunnelClient => {
  const client = new TunnelClient(rig.url, query);
  clients.push(client);
  return client;
};
const login = (role: string, userId = 90, more: object = {}): Promise<string> =>
  new SignJWT({ username: `${role.toLowerCase()}${userId}`, role, ...more })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(String(userId))
    .setExpirationTime('12h')
    .sign(Buffer.from(rig.jwtSecret));
const watch = async (role = 'PROCTOR', userId = STUDENT): Promise<TunnelClient> =>
  open({ watch: `${EXAM}:${userId}`, jwt: await login(role), width: '800', height: '600' });
let desktop = { ip: '', containerId: '' };
let student: TunnelClient;
const press = (key: string): void => {
  for (const down of ['1', '0']) student.send('key', String(key.charCodeAt(0)), down);
};

beforeAll(async () => {
  await rig.start();
  const site = ['node', 'test/rig/odd-site.ts'];
  await rig.service('odd-site', imageReference('NODE_IMAGE'), site, `${rig.prefix}.0.41`, [SITE]);
  desktop = await rig.until('a desktop', async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId: STUDENT });
    return answer.status === 200 && answer.body;
  });
  student = open({ token: contractToken(rig.guacTokenKey, desktop.ip) });
  await student.see('sync');
  student.send('size', '1000', '700');
  await rig.until('the student’s own size', async () => student.screen === '1000x700');
});
afterAll(async () => {
  for (const client of clients) client.close();
  await rig.stop();
  await rm(recordings, { recursive: true, force: true });
});

describe('a proctor who watches', () => {
  test('sees the student’s screen in its size, and its changes', async () => {
    const proctor = await watch();
    await proctor.see('img');
    await proctor.see('sync');
    expect(proctor.screen).toBe('1000x700');
    student.send('size', '1100', '720');
    await rig.until('the new size', async () => proctor.screen === '1100x720' && student.screen === '1100x720');
    proctor.close();
  });

  test('changes nothing of it, whatever his page sends, and the student’s tunnel stays', async () => {
    const proctor = await watch('ADMIN');
    await proctor.see('sync');
    proctor.send('size', '800', '600');
    proctor.send('key', '65', '1');
    proctor.send('clipboard', '0', 'text/plain');
    proctor.send('disconnect');
    await pause(1_000);
    expect(student.screen).toBe('1100x720');
    expect(student.closed).toBeUndefined();
    student.last.delete('sync');
    student.send('size', '1000', '700');
    await student.see('sync');
    proctor.close();
  });

  test('who takes nothing in is closed; the student’s picture goes on meanwhile', async () => {
    const proctor = await watch();
    await proctor.see('sync');
    proctor.socket.pause();
    let bytes = 0;
    student.socket.on('message', (message: Buffer) => (bytes += message.length));
    const seen: number[] = [];
    const second = async (): Promise<number> => {
      const [opcodes, had] = [student.opcodes.length, bytes];
      await pause(1_000);
      seen.push(student.opcodes.slice(opcodes).filter((opcode) => opcode === 'sync').length);
      return bytes - had;
    };
    // A key may get lost while the window takes its new size.
    await rig.until('noise', async () => {
      press('n');
      return (await second()) > MB / 4;
    });
    seen.length = 0;
    // More than the kernel's buffers on his way hold, and the worker's for him.
    await rig.until(
      'much painted',
      async () => {
        await second();
        return bytes > 24 * MB;
      },
      60_000,
    );
    press('q');
    // While he stood in the way: a guacd that waits for him would send no frame at all.
    expect(seen.map((frames) => (frames > 0 ? 'painted' : 'still')).join(' ')).not.toContain('still still still');
    proctor.socket.resume();
    expect(await proctor.end()).toBe('776');
    expect(student.closed).toBeUndefined();
  }, 120_000);

  test('the student’s own window that takes nothing in makes way for his next one: guacd waits for it, and nobody sees anything', async () => {
    const proctor = await watch();
    await proctor.see('sync');
    let frames = 0;
    proctor.socket.on('message', (message: Buffer) => {
      if (message.includes('4.sync')) frames++;
    });
    const seesFrames = async (): Promise<boolean> => {
      const before = frames;
      await pause(1_000);
      return frames > before;
    };
    await rig.until('noise', async () => {
      press('n');
      return (await seesFrames()) && (await seesFrames());
    });
    student.socket.pause();
    await rig.until('a guacd that waits for him', async () => !(await seesFrames()), 60_000);
    const joined = rig.log.length;
    const first = student;
    student = open({ token: contractToken(rig.guacTokenKey, desktop.ip), width: '1000', height: '700' });
    await student.see('img');
    await student.see('sync');
    expect(rig.log.slice(joined)).not.toContain('join failed');
    await rig.until('frames for who watches', seesFrames);
    press('q');
    first.socket.resume();
    expect(await first.end()).toBe('521');
    proctor.close();
  }, 120_000);

  test('is one of four at most', async () => {
    await rig.until(
      'nobody else',
      async () => (await rig.call('/api/vdi/cluster/status')).body.desktops[0].watchers === 0,
    );
    const four = await Promise.all([watch(), watch(), watch(), watch()]);
    for (const proctor of four) await proctor.see('sync');
    const { desktops } = (await rig.call('/api/vdi/cluster/status')).body;
    expect(desktops[0]).toMatchObject({ watchers: 4, connected: true, recorded: true });
    expect(await (await watch()).end()).toBe('513');
    four[0]?.close();
    await rig.until('a fifth, when one has left', async () => {
      const fifth = await watch();
      return fifth.see('sync').then(
        () => true,
        () => false,
      );
    });
    for (const proctor of four) proctor.close();
  });

  test('comes in by the console’s pass for this session', async () => {
    const pass = await login('PROCTOR', 90, { use: 'watch', watch: SEAT });
    const proctor = open({ watch: SEAT, jwt: pass });
    await proctor.see('sync');
    proctor.close();
  });
});

describe('nobody else watches, all with the same words as a wrong token', () => {
  test.each<[string, () => Promise<Record<string, string>> | Record<string, string>]>([
    ['no login', () => ({ watch: SEAT })],
    ['the student himself', async () => ({ watch: SEAT, jwt: await login('STUDENT', STUDENT) })],
    ['a token beside it', () => ({ watch: SEAT, token: contractToken(rig.guacTokenKey, desktop.ip) })],
    ['a login for the console only', async () => ({ watch: SEAT, jwt: await login('ADMIN', 90, { use: 'console' }) })],
    [
      'a pass for somebody else',
      async () => ({ watch: SEAT, jwt: await login('ADMIN', 90, { use: 'watch', watch: '7:2' }) }),
    ],
    ['a student without a desktop', async () => ({ watch: `${EXAM}:99`, jwt: await login('ADMIN') })],
  ])('%s', async (_name, query) => {
    const client = open(await query());
    expect(await client.end()).toBe('769');
    expect(client.last.get('error')).toEqual(['error', 'Not allowed', '769']);
    expect(client.opcodes).toEqual(['error']);
  });
});

async function events(): Promise<{ kind: string }[]> {
  const { body } = await rig.call(`/api/vdi/cluster/history?examId=${EXAM}&userId=${STUDENT}`);
  return body.sessions[0].events;
}

test('a session’s end closes its watchers with the same reason, and the history says who watched whom and where the recording is', async () => {
  const proctor = await watch('PROCTOR');
  await proctor.see('sync');
  await rig.call('/api/vdi/cluster/release', { examId: EXAM, userId: STUDENT });
  expect(await proctor.end()).toBe('523');
  expect(await student.end()).toBe('523');
  const told = async (kind: string) => (await events()).filter((event) => event.kind === kind);
  const began = await told('watch-began');
  expect(began.length).toBeGreaterThanOrEqual(9);
  expect(began.at(-1)).toMatchObject({ watcher: 'proctor90', watcherId: 90, role: 'PROCTOR' });
  await rig.until('the end of each watch', async () => (await told('watch-ended')).length === began.length);
  const [file, ...more] = await readdir(recordings);
  expect(more).toEqual([]);
  expect(file).toMatch(new RegExp(`^exam_7_u1_\\d{8}T\\d{9}Z_${desktop.containerId.slice(0, 12)}\\.guac$`));
  const text = await readFile(join(recordings, String(file)), 'utf8');
  const { instructions, read } = decode(text);
  // It plays to its end: whole instructions, from a first picture on; and no key that anybody pressed is in it.
  expect(read).toBe(text.length);
  const said = new Set(instructions.map(([opcode]) => opcode));
  expect([...said]).toEqual(expect.arrayContaining(['size', 'img', 'blob', 'sync']));
  expect([...said].filter((opcode) => ['key', 'clipboard', 'connect', 'args'].includes(opcode))).toEqual([]);
  expect(await told('recording-began')).toMatchObject([{ file }]);
  const bytes = Buffer.byteLength(text);
  expect(await told('recording-ended')).toMatchObject([{ file, why: 'session-over', bytes }]);
});
