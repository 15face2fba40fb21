import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pauseAfter } from '../../../src/outbox/back-off.ts';
import { Sender } from '../../../src/outbox/sender.ts';
import { EntryRefused, type LedgerEntry, type LedgerStore } from '../../../src/pool/ledger.ts';
import type { Log } from '../../../src/pool/ports.ts';
import { SILENT } from '../pool/fake-ports.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const entry = (seq: number): LedgerEntry => ({
  id: `id-${seq}`,
  seq,
  kind: 'events-dropped',
  at: 0,
  count: seq,
  first: 0,
  last: 0,
});

/** A database in memory that is away when told so, and refuses some entries. */
class FakeStore implements LedgerStore {
  away = false;
  isStandby = false;
  tries = 0;
  compared = 0;
  readonly rows: number[] = [];
  refuses = new Set<number>();

  async prepare(): Promise<void> {
    this.tries++;
    if (this.away) throw new Error('nobody there');
  }

  async keep(entries: readonly LedgerEntry[]): Promise<void> {
    await this.prepare();
    if (this.isStandby) throw new Error('cannot execute INSERT in a read-only transaction');
    if (entries.some(({ seq }) => this.refuses.has(seq))) throw new EntryRefused('bad value');
    for (const { seq } of entries) if (!this.rows.includes(seq)) this.rows.push(seq);
  }

  open = async () => [];
  history = async () => [];
}

/** Entries given in batches of three. */
class FakeOutbox {
  waiting: LedgerEntry[] = [];

  tell: () => void = () => undefined;

  listen(tell: () => void): void {
    this.tell = tell;
  }

  record(seq: number): void {
    this.waiting.push(entry(seq));
    this.tell();
  }

  async next() {
    const entries = this.waiting.slice(0, 3);
    if (entries.length === 0) return undefined;
    return { entries, delivered: () => void this.waiting.splice(0, entries.length) };
  }
}

function rig(log: Log = SILENT) {
  const outbox = new FakeOutbox();
  const store = new FakeStore();
  const onDrained = async (): Promise<boolean> => ++store.compared >= 3;
  const sender = new Sender({ outbox, store, onDrained, log });
  return { outbox, store, sender };
}

test('pauses grow to a minute, and half of each is chance', () => {
  expect([1, 2, 3, 7, 20].map((failures) => [pauseAfter(failures, 0), pauseAfter(failures, 0.999_999)])).toEqual([
    [500, 1_000],
    [1_000, 2_000],
    [2_000, 4_000],
    [30_000, 60_000],
    [30_000, 60_000],
  ]);
});

test('all is delivered in order, also what was told while the database was away for an hour', async () => {
  const { outbox, store, sender } = rig();
  store.away = true;
  sender.start();
  for (let seq = 1; seq <= 20; seq++) {
    outbox.record(seq);
    await vi.advanceTimersByTimeAsync(180_000);
  }
  expect(sender.lastError).toBe('nobody there');
  expect(store.tries, 'not hammered').toBeLessThan(140);
  store.away = false;
  await vi.advanceTimersByTimeAsync(61_000);
  expect(store.rows).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  expect(sender.lastError).toBeUndefined();
});

test('a database that answers but takes nothing is neither hammered nor reported over and over', async () => {
  const said: string[] = [];
  const note = (_fields: object, message: string): void => void said.push(message);
  const { outbox, store, sender } = rig({ info: note, warn: note, error: note });
  store.isStandby = true;
  outbox.record(1);
  sender.start();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(sender.lastError).toContain('read-only');
  expect(store.tries).toBeLessThan(260);
  expect(said).toHaveLength(1);
  store.isStandby = false;
  await vi.advanceTimersByTimeAsync(61_000);
  expect(store.rows).toEqual([1]);
});

test('an entry that the database never takes is left out and counted; those around it are kept', async () => {
  const { outbox, store, sender } = rig();
  store.refuses.add(2);
  outbox.waiting = [1, 2, 3, 4].map(entry);
  sender.start();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(store.rows).toEqual([1, 3, 4]);
  expect(sender.refused).toBe(1);
});

test('database and engine are compared once it is known what runs, and then no more', async () => {
  const { store, sender } = rig();
  sender.start();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(store.compared).toBe(3);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(store.compared).toBe(3);
});

test('a database that goes while there is nothing to send is noticed', async () => {
  const { store, sender } = rig();
  sender.start();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sender.lastError).toBeUndefined();
  store.away = true;
  await vi.advanceTimersByTimeAsync(31_000);
  expect(sender.lastError).toBe('nobody there');
});

test('an event that comes while all is quiet is delivered at once, and a stop waits for nothing', async () => {
  const { outbox, store, sender } = rig();
  sender.start();
  await vi.advanceTimersByTimeAsync(20_000);
  outbox.record(1);
  await vi.advanceTimersByTimeAsync(500);
  expect(store.rows).toEqual([1]);
  await sender.stop();
});
