import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import type { LedgerEvent } from '../../../src/pool/ledger.ts';
import { encode } from '../../../src/tunnel/instruction.ts';
import { Recorder } from '../../../src/tunnel/recorder.ts';
import { RecordingFiles } from '../../../src/tunnel/recording-files.ts';

const MB = 1024 * 1024;
const ID = 'abcdef012345'.padEnd(64, '9');
const labels = { worker: 'w', examId: 7, desktopId: 'd', imageId: 'i', template: 't' };
const place = { kind: 'seat', seat: { examId: 7, userId: 42 } } as const;
const desktop = { containerId: ID, name: 'exam_7_u42', place, labels, ip: '10.0.0.1', state: 'warm' } as Desktop;
const FIRST = encode(['size', '0', '640', '480']) + encode(['sync', '1']);

let server: Server;
let joins: Socket[];
let directory: string;
let told: LedgerEvent[];
let recorder: Recorder;
let isThere: boolean;

beforeEach(async () => {
  joins = [];
  told = [];
  isThere = true;
  directory = await mkdtemp(join(tmpdir(), 'recorder-'));
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(encode(['args', 'VERSION_1_3_0', 'read-only']));
      socket.once('data', () => {
        joins.push(socket);
        socket.write(encode(['ready', '$held']) + FIRST);
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let now = 1_000_000;
  // Each look at the clock is a moment later: two files of a session differ by when they began.
  const clock = () => now++;
  recorder = new Recorder({
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    connection: async () => ({ id: '$held', guacd: { host: '127.0.0.1', port }, over: new AbortController().signal }),
    loseConnection: () => undefined,
    ledger: { record: (event) => void told.push(event) },
    clock,
    files: new RecordingFiles(directory, { sessionBytes: MB, totalBytes: MB, keepMs: 1e12 }, Date.now),
    isStill: () => isThere,
    inUse: () => [ID],
  });
});
afterEach(async () => {
  recorder.close();
  for (const socket of joins) socket.destroy();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

const recording = () => vi.waitFor(() => expect(recorder.isRecording(ID)).toBe(true));
const ended = (count: number) =>
  vi.waitFor(() => expect(told.filter(({ kind }) => kind === 'recording-ended')).toHaveLength(count));

test('a session is recorded once, however often its student comes', async () => {
  for (let time = 0; time < 3; time++) recorder.follow(desktop);
  await recording();
  recorder.follow(desktop);
  recorder.endSession(ID);
  await ended(1);
  expect(joins).toHaveLength(1);
  const [file] = await readdir(directory);
  expect(told).toMatchObject([
    { kind: 'recording-began', file },
    { kind: 'recording-ended', file, why: 'session-over', bytes: FIRST.length },
  ]);
});

test('one that broke off goes on in a file of its own, without the student’s doing', async () => {
  recorder.follow(desktop);
  await recording();
  joins[0]?.destroy();
  await ended(1);
  await recorder.tidy();
  await recording();
  expect(await readdir(directory)).toHaveLength(2);
});

test('nothing goes on after the session', async () => {
  recorder.follow(desktop);
  await recording();
  recorder.endSession(ID);
  await ended(1);
  await recorder.tidy();
  isThere = false;
  recorder.follow(desktop);
  await vi.waitFor(() => expect(joins).toHaveLength(2));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(recorder.isRecording(ID)).toBe(false);
  expect(await readdir(directory)).toHaveLength(1);
});

test('a session at its limit is not recorded again', async () => {
  recorder.follow(desktop);
  await recording();
  const blob = encode(['blob', '1', 'A'.repeat(60_000)]);
  for (let part = 0; part < 20; part++) joins[0]?.write(blob);
  await ended(1);
  expect(told.at(-1)).toMatchObject({ why: 'limit' });
  await recorder.tidy();
  recorder.follow(desktop);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(joins).toHaveLength(1);
});
