import { beforeEach, describe, expect, test } from 'vitest';
import type { Seat } from '../../../src/desktop/names.ts';
import { seatName } from '../../../src/desktop/names.ts';
import type { SessionRecord } from '../../../src/desktop/session-record.ts';
import { decodeRecord, encodeRecord } from '../../../src/redis/session-records.ts';
import { SessionBook, type SessionStore } from '../../../src/tunnel/session-book.ts';

const seat = { examId: 7, userId: 42 };

/** As Redis keeps it: outlives the book, may be away or slow. */
class FakeStore implements SessionStore {
  readonly records = new Map<string, string>();
  away = false;
  /** Answers wait for this. */
  gate: Promise<void> = Promise.resolve();

  async load(of: Seat): Promise<SessionRecord | undefined> {
    const text = this.records.get(seatName(of));
    await this.#answer();
    return text === undefined ? undefined : decodeRecord(text);
  }
  async save(of: Seat, record: SessionRecord): Promise<void> {
    await this.#answer();
    this.records.set(seatName(of), encodeRecord(record));
  }
  async remove(of: Seat): Promise<void> {
    await this.#answer();
    this.records.delete(seatName(of));
  }
  async #answer(): Promise<void> {
    if (this.away) throw new Error('away');
    await this.gate;
  }
}

let store: FakeStore;
let book: SessionBook;
const anew = () => new SessionBook(store, () => 1_800_000_000_000);
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  store = new FakeStore();
  book = anew();
});

describe('an allocation', () => {
  test('is one until the release, asked at once or after a restart of the worker', async () => {
    const all = await Promise.all([book.of(seat), book.of(seat), book.of(seat)]);
    await settled();
    const later = await anew().of(seat);
    expect(new Set([...all, later].map(({ allocation }) => allocation)).size).toBe(1);
  });

  test('is another after the release', async () => {
    const { allocation } = await book.of(seat);
    await book.end(seat);
    expect(await book.find(seat)).toBeUndefined();
    expect((await book.of(seat)).allocation).not.toBe(allocation);
    expect(await anew().find({ examId: 7, userId: 43 })).toBeUndefined();
  });

  test('that ended while the store was away does not come back with it', async () => {
    const { allocation } = await book.of(seat);
    await settled();
    store.away = true;
    await book.end(seat);
    store.away = false;
    expect(await book.find(seat)).toBeUndefined();
    book.storeIsBack();
    await settled();
    expect(store.records.size).toBe(0);
    expect((await book.of(seat)).allocation).not.toBe(allocation);
  });

  test('that ends while the store is still telling of it has ended', async () => {
    await book.of(seat);
    await settled();
    const restarted = anew();
    let open: () => void = () => undefined;
    store.gate = new Promise((resolve) => (open = resolve));
    const found = restarted.find(seat);
    const ended = restarted.end(seat);
    open();
    expect(await found).toBeUndefined();
    await ended;
    expect(await restarted.find(seat)).toBeUndefined();
  });

  test('begun while the store was away is there when it comes back', async () => {
    store.away = true;
    const { allocation } = await book.of(seat);
    store.away = false;
    book.storeIsBack();
    await settled();
    expect((await anew().of(seat)).allocation).toBe(allocation);
  });

  test('outlives a store that lost all', async () => {
    const { allocation } = await book.of(seat);
    await settled();
    store.records.clear();
    book.storeIsBack();
    await settled();
    expect((await anew().of(seat)).allocation).toBe(allocation);
  });
});

describe('what is noted', () => {
  test('is of the living allocation only: a tunnel that closes after the release writes nothing', async () => {
    const { allocation } = await book.of(seat);
    book.note(seat, allocation, ({ tunnels }) => ({ tunnels: tunnels + 1, connected: true, lastSeenAt: 5_000 }));
    expect(await book.find(seat)).toMatchObject({ tunnels: 1, connected: true });
    await book.end(seat);
    book.note(seat, allocation, () => ({ connected: false }));
    await settled();
    expect(store.records.size).toBe(0);
  });

  test('is there after a restart, with nobody connected yet', async () => {
    const { allocation } = await book.of(seat);
    book.note(seat, allocation, () => ({ connected: true, lastSeenAt: 5_000, bytesToBrowser: 9, latencyMs: 12 }));
    await settled();
    const record = await anew().find(seat);
    expect(record).toMatchObject({ allocation, connected: false, lastSeenAt: 5_000, bytesToBrowser: 9, latencyMs: 12 });
  });

  test('reads well for others, and what others wrote there is no memory', () => {
    const record: SessionRecord = {
      allocation: 'a',
      beganAt: 1_800_000_000_000,
      connected: true,
      lastSeenAt: 1_800_000_060_000,
      tunnels: 2,
      bytesToBrowser: 10,
      bytesToDesktop: 3,
      latencyMs: 7,
    };
    expect(JSON.parse(encodeRecord(record))).toMatchObject({
      beganAt: '2027-01-15T08:00:00.000Z',
      lastSeenAt: '2027-01-15T08:01:00.000Z',
    });
    expect(decodeRecord(encodeRecord(record))).toEqual(record);
    expect(['', 'x', '[]', '{"allocation":""}'].map(decodeRecord)).toEqual(Array(4).fill(undefined));
  });
});
