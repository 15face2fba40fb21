import { randomUUID } from 'node:crypto';
import { type Seat, seatName } from '../desktop/names.ts';
import type { SessionRecord } from '../desktop/session-record.ts';
import type { Clock } from '../pool/ports.ts';

/** Where the records outlive this process. May be away: every method rises then. */
export interface SessionStore {
  load(seat: Seat): Promise<SessionRecord | undefined>;
  save(seat: Seat, record: SessionRecord): Promise<void>;
  remove(seat: Seat): Promise<void>;
}

interface Entry {
  readonly seat: Seat;
  record: SessionRecord;
}

/**
 * Which allocation of each student lives. The truth while this process runs is here; the store's copy serves the next
 * one. Where both are lost a new allocation begins, and pages that hold a token of the old one ask for another.
 */
export class SessionBook {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  /** Ended while the store was away: must not come back with it. */
  readonly #toRemove = new Map<string, Seat>();
  readonly #loading = new Map<string, Promise<SessionRecord | undefined>>();

  constructor(store: SessionStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The student's allocation that lives; one begins when there is none. */
  async of(seat: Seat): Promise<SessionRecord> {
    return (await this.find(seat)) ?? this.#begin(seat);
  }

  /** The student's allocation that lives, if there is one. */
  async find(seat: Seat): Promise<SessionRecord | undefined> {
    const name = seatName(seat);
    const known = this.#entries.get(name);
    if (known || this.#toRemove.has(name)) return known?.record;
    const loading = this.#loading.get(name) ?? this.#store.load(seat).catch(() => undefined);
    this.#loading.set(name, loading);
    const record = await loading;
    // Taken out by a release while the store was answering: what it told may be of the session that has just ended.
    if (this.#loading.get(name) === loading) {
      this.#loading.delete(name);
      if (record && !this.#entries.has(name))
        this.#entries.set(name, { seat, record: { ...record, connected: false } });
    }
    return this.#entries.get(name)?.record;
  }

  /** Changes what is known of an allocation; one that has ended stays so. */
  note(seat: Seat, allocation: string, change: (record: SessionRecord) => Partial<SessionRecord>): void {
    const entry = this.#entries.get(seatName(seat));
    if (entry?.record.allocation !== allocation) return;
    entry.record = { ...entry.record, ...change(entry.record) };
    this.#save(entry);
  }

  /** The student was released: nothing made for this allocation opens anything any more. */
  async end(seat: Seat): Promise<void> {
    const name = seatName(seat);
    this.#loading.delete(name);
    this.#entries.delete(name);
    this.#toRemove.set(name, seat);
    await this.#remove(name, seat);
  }

  /** The store is there again, maybe empty, maybe with what has ended meanwhile. */
  storeIsBack(): void {
    for (const [name, seat] of this.#toRemove) void this.#remove(name, seat);
    for (const entry of this.#entries.values()) this.#save(entry);
  }

  #begin(seat: Seat): SessionRecord {
    const name = seatName(seat);
    const begun = this.#entries.get(name);
    if (begun) return begun.record;
    const record: SessionRecord = {
      allocation: randomUUID(),
      beganAt: this.#clock(),
      connected: false,
      tunnels: 0,
      bytesToBrowser: 0,
      bytesToDesktop: 0,
    };
    const entry = { seat, record };
    this.#entries.set(name, entry);
    this.#toRemove.delete(name);
    this.#save(entry);
    return record;
  }

  // What the store did not take it gets when it is back, and that it is away is said where it is connected to.
  #save({ seat, record }: Entry): void {
    this.#store.save(seat, record).catch(() => undefined);
  }

  async #remove(name: string, seat: Seat): Promise<void> {
    const removed = await this.#store.remove(seat).then(
      () => true,
      () => false,
    );
    if (removed) this.#toRemove.delete(name);
  }
}
