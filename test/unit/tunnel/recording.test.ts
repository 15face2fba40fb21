import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Inlet } from '../../../src/tunnel/inlet.ts';
import { encode } from '../../../src/tunnel/instruction.ts';
import { type OpenRecording, RecordingFiles } from '../../../src/tunnel/recording-files.ts';
import { type RecordingEnd, Take } from '../../../src/tunnel/recording-take.ts';

const ID = 'abcdef012345'.padEnd(64, '9');
const FILE = 'exam_7_u42_20261123T100000000Z_abcdef012345.guac';
const MB = 1024 * 1024;
const FRAME = Buffer.from(encode(['blob', '1', 'A'.repeat(1000)]) + encode(['sync', '1']));
let directory: string;
let server: Server;
let guacd: Socket;
let ours: Inlet;
let heard = '';

const files = (limits = {}, now = Date.now()): RecordingFiles =>
  new RecordingFiles(directory, { sessionBytes: MB, totalBytes: MB, keepMs: 3_600_000, ...limits }, () => now);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recordings-'));
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  ours = new Inlet({ host: '127.0.0.1', port });
  [guacd] = (await once(server, 'connection')) as [Socket];
  heard = '';
  guacd.on('data', (chunk) => (heard += chunk.toString()));
});
afterEach(async () => {
  guacd.destroy();
  ours.socket.destroy();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

/** A recording of what `guacd` says, and how it ended. */
function take(file: OpenRecording, left: number): Promise<{ why: RecordingEnd; bytes: number }> & { take: Take } {
  let made: Take | undefined;
  const ended = new Promise<{ why: RecordingEnd; bytes: number }>((resolve) => {
    made = new Take(
      { socket: ours.socket, rest: Buffer.alloc(0), take: (each) => ours.take(each) },
      file,
      left,
      (why, bytes) => resolve({ why, bytes }),
    );
  });
  return Object.assign(ended, { take: made as Take });
}

const written = (): Promise<string> => readFile(join(directory, FILE), 'utf8');

describe('a recording', () => {
  test('holds whole instructions, wherever the pieces break and whenever it ends', async () => {
    const under = take(await files().begin(FILE), MB);
    for (const byte of Buffer.concat([FRAME, FRAME, FRAME.subarray(0, 500)])) guacd.write(Buffer.from([byte]));
    await new Promise((resolve) => setTimeout(resolve, 100));
    under.take.end('session-over');
    expect(await under).toEqual({ why: 'session-over', bytes: 2 * FRAME.length });
    expect(await written()).toBe(`${FRAME}${FRAME}`);
  });
  test('ends at its limit, not beyond it, and leaves guacd', async () => {
    const limit = MB + 100;
    const under = take(await files().begin(FILE), limit);
    const gone = new Promise((resolve) => guacd.once('close', resolve));
    guacd.on('error', () => undefined);
    for (let frame = 0; frame < 2000; frame++) guacd.write(FRAME);
    const { why, bytes } = await under;
    expect(why).toBe('limit');
    expect(bytes).toBeLessThanOrEqual(limit);
    // It stops before the piece that would be too much: guacd's come in up to 128 KB.
    expect(bytes).toBeGreaterThan(limit - 135_000);
    expect(bytes % FRAME.length).toBe(0);
    await gone;
    expect(heard).toContain('10.disconnect;');
  });
  test('has no clipboard in it', async () => {
    const under = take(await files().begin(FILE), MB);
    const copy = [['clipboard', '2', 'text/plain'] as const, ['blob', '2', 'U0VDUkVU'] as const, ['end', '2'] as const];
    guacd.write(Buffer.concat([Buffer.from(copy.map((each) => encode(each as never)).join('')), FRAME]));
    guacd.end();
    expect(await under).toEqual({ why: 'connection-lost', bytes: FRAME.length });
    expect(await written()).toBe(FRAME.toString());
  });
  test('ends when the disk takes nothing, without a fault', async () => {
    const broken = { file: FILE, write: () => Promise.reject(new Error('ENOSPC')), close: () => Promise.resolve() };
    const under = take(broken, MB);
    guacd.write(FRAME);
    expect(await under).toEqual({ why: 'disk', bytes: 0 });
  });
  test('ends when the disk is too slow, before it costs much memory', async () => {
    let took = 0;
    const slow = {
      file: FILE,
      write: (bytes: Buffer) => {
        took += bytes.length;
        return new Promise<void>(() => undefined);
      },
      close: () => Promise.resolve(),
    };
    const left = new Promise((resolve) => guacd.once('close', resolve));
    void take(slow, 1000 * MB);
    const much = Buffer.concat(Array.from({ length: 1000 }, () => FRAME));
    guacd.on('error', () => undefined);
    for (let part = 0; part < 30; part++) guacd.write(much);
    await left;
    expect(took).toBeLessThan(2 * MB);
  });
  test('ends on what is none of the protocol', async () => {
    const under = take(await files().begin(FILE), MB);
    guacd.write('nonsense');
    expect(await under).toMatchObject({ why: 'connection-lost' });
  });
});

describe('the files', () => {
  test('of one session count together against its limit', async () => {
    await writeFile(join(directory, FILE), 'x'.repeat(1000));
    await writeFile(join(directory, FILE.replace('T10', 'T11')), 'x'.repeat(500));
    expect(await files({ sessionBytes: 2000 }).left(ID)).toBe(500);
    expect(await files({ sessionBytes: 1200 }).left(ID)).toBe(0);
    expect(await files({ sessionBytes: 2000 }).left('f'.repeat(64))).toBe(2000);
  });
  test('too old go, and what is not ours stays', async () => {
    await writeFile(join(directory, FILE), 'x');
    await writeFile(join(directory, 'notes.txt'), 'x');
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    for (const name of [FILE, 'notes.txt']) await utimes(join(directory, name), longAgo, longAgo);
    expect((await files().tidy([ID])).removed).toEqual([]);
    expect((await files().tidy([])).removed).toMatchObject([{ recording: { file: FILE }, why: 'age' }]);
    expect(await readdir(directory)).toEqual(['notes.txt']);
  });
  test('are full when those of running sessions alone are too much', async () => {
    await writeFile(join(directory, FILE), 'x'.repeat(1000));
    expect(await files({ totalBytes: 900 }).tidy([ID])).toEqual({ removed: [], isFull: true });
    expect(await files({ totalBytes: 900 }).tidy([])).toMatchObject({ isFull: false });
  });
  test('are never written over', async () => {
    await (await files().begin(FILE)).close();
    await expect(files().begin(FILE)).rejects.toThrow('EEXIST');
  });
});
