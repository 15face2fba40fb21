import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Outbox } from '../../../src/outbox/outbox.ts';
import type { LedgerEntry, LedgerEvent } from '../../../src/pool/ledger.ts';
import { SILENT } from '../pool/fake-ports.ts';

let directory: string;
const open: Outbox[] = [];
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'vdi-outbox-')), 'outbox');
});
afterEach(async () => {
  for (const outbox of open.splice(0)) await outbox.close();
  rmSync(join(directory, '..'), { recursive: true, force: true });
});

let now = 1_800_000_000_000;
function outbox(maxBytes = 1024 * 1024, isLast = false): Outbox {
  const made = new Outbox({ directory, maxBytes, isLast, clock: () => now++, log: SILENT });
  open.push(made);
  return made;
}

const event = (userId: number, reason = ''): LedgerEvent => ({
  kind: 'quarantined',
  at: now,
  desktop: { containerId: `c${userId}`, name: `exam_7_u${userId}`, desktopId: 'd', examId: 7, userId },
  reason,
});
const student = (entry: LedgerEntry): number => ('desktop' in entry ? (entry.desktop.userId ?? 0) : -1);

async function drain(from: Outbox): Promise<LedgerEntry[]> {
  const all: LedgerEntry[] = [];
  for (let batch = await from.next(); batch; batch = await from.next()) {
    all.push(...batch.entries);
    batch.delivered();
  }
  return all;
}

test('what is told is delivered once, in order, with numbers that grow', async () => {
  const box = outbox();
  for (let id = 1; id <= 500; id++) box.record(event(id));
  expect(box.status()).toMatchObject({ waiting: 500, dropped: 0, diskError: null });
  const sent = await drain(box);
  expect(sent.map(student)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  expect(new Set(sent.map(({ id }) => id)).size).toBe(500);
  expect(sent.every((entry, index) => index === 0 || entry.seq > (sent[index - 1]?.seq ?? 0))).toBe(true);
  expect(await drain(box)).toEqual([]);
  expect(box.status()).toMatchObject({ waiting: 0, oldest: null });
});

test('the next process finds what the killed one told, and numbers go on, also when all was delivered', async () => {
  const first = outbox();
  for (let id = 1; id <= 3; id++) first.record(event(id));
  const second = outbox();
  second.record(event(4));
  const sent = await drain(second);
  expect(sent.map(student)).toEqual([1, 2, 3, 4]);
  now -= 7_200_000;
  const third = outbox();
  third.record(event(5));
  const [last] = (await drain(third)).slice(-1);
  expect(last?.seq, 'a clock set back changes no order').toBeGreaterThan(sent.at(-1)?.seq ?? 0);
});

test('status tells since when the oldest waits, as long as it waits', async () => {
  const box = outbox();
  const { at } = event(1);
  box.record(event(1));
  now += 60_000;
  box.record(event(2));
  const batch = await box.next();
  expect(box.status().oldest).toBe(new Date(at).toISOString());
  batch?.delivered();
  expect(box.status().oldest).toBeNull();
});

test('what was not said to be delivered comes again under the same ids', async () => {
  const box = outbox();
  box.record(event(1));
  const lost = await box.next();
  const again = await box.next();
  expect(again?.entries).toEqual(lost?.entries);
});

test('a line cut off by a power cut is left out; a damaged one is counted and holds nothing up', async () => {
  outbox().record(event(1));
  const [file = ''] = readdirSync(directory);
  appendFileSync(join(directory, file), '\0\0 damaged\n{"id":"x","seq":9');
  const next = outbox();
  next.record(event(2));
  expect((await drain(next)).map(student)).toEqual([1, 2]);
  expect(next.status()).toMatchObject({ waiting: 0, unreadable: 1 });
});

test('a file that somebody cut short holds nothing up', async () => {
  const box = outbox();
  box.record(event(1));
  const [file = ''] = readdirSync(directory);
  writeFileSync(join(directory, file), '');
  expect(await drain(box)).toEqual([]);
  expect(box.status().waiting).toBe(0);
});

test('a file that somebody removed holds nothing up and is counted; what is told afterwards is delivered', async () => {
  const box = outbox(64 * 1024);
  for (let id = 1; id <= 50; id++) box.record(event(id, 'x'.repeat(100)));
  const [oldest = ''] = readdirSync(directory).sort();
  rmSync(join(directory, oldest));
  const sent = (await drain(box)).map(student);
  expect(sent.at(-1)).toBe(50);
  expect(sent.length).toBeLessThan(50);
  expect(box.status()).toMatchObject({ waiting: 0, unreadable: 50 - sent.length, diskError: null });
});

test('room made while a batch is being delivered leaves the rest in order', async () => {
  const box = outbox(64 * 1024);
  for (let id = 1; id <= 100; id++) box.record(event(id, 'x'.repeat(100)));
  const batch = await box.next();
  for (let id = 101; id <= 1_000; id++) box.record(event(id, 'x'.repeat(100)));
  batch?.delivered();
  const sent = (await drain(box)).filter(({ kind }) => kind !== 'events-dropped').map(student);
  expect(sent).toEqual(Array.from({ length: sent.length }, (_, index) => 1_001 - sent.length + index));
});

test('files are finished, flushed and removed at once without one closing what another still flushes', async () => {
  const box = outbox(64 * 1024);
  for (let round = 0; round < 200; round++) {
    for (let id = 1; id <= 50; id++) box.record(event(id, 'x'.repeat(100)));
    const batches = [box.next(), box.next(), box.next()];
    for (let id = 1; id <= 50; id++) box.record(event(id, 'x'.repeat(100)));
    for (const batch of await Promise.all(batches)) batch?.delivered();
    expect(box.status().diskError).toBeNull();
  }
});

test('when it is full the oldest go, the newest stay, and the history itself says how many are missing', async () => {
  const box = outbox(64 * 1024);
  for (let id = 1; id <= 1_000; id++) box.record(event(id, 'x'.repeat(100)));
  const { dropped, bytes } = box.status();
  expect(bytes).toBeLessThanOrEqual(64 * 1024 + 8 * 1024);
  const sent = await drain(box);
  const students = sent.filter(({ kind }) => kind !== 'events-dropped').map(student);
  expect(students.at(-1)).toBe(1_000);
  expect(students).toEqual(Array.from({ length: students.length }, (_, index) => 1_000 - students.length + 1 + index));
  expect(dropped).toBeGreaterThanOrEqual(1_000 - students.length);
  const told = sent.reduce((sum, entry) => sum + (entry.kind === 'events-dropped' ? entry.count : 0), 0);
  expect(told, 'what told of an earlier loss may itself be thrown away, and is told of again').toBe(dropped);
});

test('a loss told of before a restart is told of again when that is lost, too', async () => {
  const before = outbox(64 * 1024);
  for (let id = 1; id <= 1_000; id++) before.record(event(id, 'x'.repeat(100)));
  const { dropped } = before.status();
  await before.close();
  const box = outbox(64 * 1024);
  for (let id = 1_001; id <= 2_000; id++) box.record(event(id, 'x'.repeat(100)));
  const sent = await drain(box);
  const told = sent.reduce((sum, entry) => sum + (entry.kind === 'events-dropped' ? entry.count : 0), 0);
  expect(told).toBe(dropped + box.status().dropped);
});

test('where nobody fetches, the oldest make room silently', () => {
  const box = outbox(64 * 1024, true);
  for (let id = 1; id <= 1_000; id++) box.record(event(id, 'x'.repeat(100)));
  expect(box.status().dropped).toBe(0);
});

test('files that are delivered go, the newest aside', async () => {
  const box = outbox(64 * 1024);
  for (let id = 1; id <= 100; id++) box.record(event(id, 'x'.repeat(100)));
  expect(readdirSync(directory).length).toBeGreaterThan(2);
  await drain(box);
  expect(readdirSync(directory)).toHaveLength(1);
});

test('with a directory that cannot be made events stay in memory, bounded, and are delivered from there', async () => {
  writeFileSync(join(directory, '..', 'outbox'), 'a file where the directory should be');
  const box = outbox();
  for (let id = 1; id <= 6_000; id++) box.record(event(id));
  expect(box.status().diskError).toContain('EEXIST');
  expect(box.status()).toMatchObject({ waiting: 5_000, dropped: 1_000 });
  expect((await drain(box)).map(student).at(-1)).toBe(6_000);
});

test('once the disk takes it again, what was in memory is written, in order, with the gap told of', async () => {
  writeFileSync(directory, 'a file where the directory should be');
  const box = outbox(8 * 1024 * 1024);
  for (let id = 1; id <= 5_002; id++) box.record(event(id));
  rmSync(directory);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(box.status()).toMatchObject({ diskError: null, waiting: 5_001, dropped: 2 });
  const next = outbox();
  const sent = await drain(next);
  expect(sent.slice(0, 5_000).map(student)).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 3));
  expect(sent.at(-1)).toMatchObject({ kind: 'events-dropped', count: 2 });
}, 15_000);

test('text that PostgreSQL would refuse is made such that it does not, and no event is longer than 64 KB', async () => {
  const box = outbox();
  box.record(event(1, 'a\0b\ud800c "quoted" \\u0000'));
  box.record(event(2, 'y'.repeat(100_000)));
  const [odd, long] = await drain(box);
  expect(odd).toMatchObject({ reason: 'ab�c "quoted" \\u0000' });
  expect(long).toMatchObject({ cutShort: true, desktop: { userId: 2 } });
});

test('the journal is nobody else’s to read', () => {
  outbox().record(event(1));
  const [file = ''] = readdirSync(directory);
  expect(statSync(join(directory, file)).mode & 0o077).toBe(0);
});
