import { reasonOf } from '../desktop/reason.ts';
import type { LedgerEntry, LedgerEvent, LedgerGap } from '../pool/ledger.ts';
import type { Clock, Ledger, Log } from '../pool/ports.ts';
import { encodeEntry } from './entry.ts';
import { Journal } from './journal.ts';
import { type Overflow, Unwritten } from './unwritten.ts';

/** A power cut loses what was told in the last moment; this is how long a moment is. */
const SYNC_MS = 50;
const RETRY_MS = 1_000;
/** Kept in memory while the disk takes nothing: about 5 MB. */
const MOST_UNWRITTEN = 5_000;
/** Files of the journal stay near their size, so that what has to go is little. */
const WRITTEN_AT_ONCE = 100;

export interface OutboxSettings {
  readonly directory: string;
  readonly maxBytes: number;
  /** Nobody fetches from here: the oldest making room for the newest is no loss to speak of. */
  readonly isLast: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Entries to deliver next; `delivered` says that they were. */
export interface Batch {
  readonly entries: readonly LedgerEntry[];
  delivered(): void;
}

/**
 * Keeps the history on this worker until the database has it: in a journal that outlives this process, in memory while
 * the disk takes nothing. What does not fit is thrown away oldest first, counted, and told of in the history itself.
 */
export class Outbox implements Ledger {
  readonly #journal: Journal;
  readonly #isLast: boolean;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #unwritten = new Unwritten();
  #tell: () => void = () => undefined;
  #seq = 0;
  #dropped = 0;
  #unreadable = 0;
  #head: LedgerEntry | undefined;
  #diskError: string | undefined;
  /** Thrown away and not yet told of. */
  #gap: Pick<LedgerGap, 'count' | 'first' | 'last'> | undefined;
  #syncing: NodeJS.Timeout | undefined;
  #retrying: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ directory, maxBytes, isLast, clock, log }: OutboxSettings) {
    this.#journal = new Journal(directory, { maxBytes, segmentBytes: Math.min(1024 * 1024, maxBytes / 8) });
    this.#isLast = isLast;
    this.#clock = clock;
    this.#log = log;
    try {
      this.#journal.open();
    } catch (error) {
      this.#diskFailed(error);
    }
    // Without an earlier file the numbers begin above all that a lost one may have had.
    this.#seq = this.#journal.lastSeq || this.#clock() * 1000;
  }

  record(event: LedgerEvent): void {
    try {
      this.#keep(event);
    } catch (error) {
      this.#dropped++;
      this.#log.error({ kind: event.kind, error: String(error) }, 'an event of the history is lost');
    }
  }

  status() {
    return {
      waiting: this.#journal.waiting + this.#unwritten.length,
      oldest: this.#head ? new Date(this.#head.at).toISOString() : null,
      bytes: this.#journal.bytes,
      dropped: this.#dropped,
      unreadable: this.#unreadable,
      diskError: this.#diskError ?? null,
    };
  }

  /** @param tell called at each event */
  listen(tell: () => void): void {
    this.#tell = tell;
  }

  /** What is to be delivered next, in order; undefined when there is nothing. */
  async next(): Promise<Batch | undefined> {
    // What the database has must not be forgotten here by a power cut: its number would be given to another event.
    await this.#journal.sync().catch((error: unknown) => this.#diskFailed(error));
    const batch = await this.#journal.next();
    this.#head = batch?.entries[0];
    if (batch) {
      const delivered = (): void => {
        this.#unreadable += batch.unreadable;
        this.#head = undefined;
        batch.delivered();
      };
      return { entries: batch.entries, delivered };
    }
    const entries = this.#unwritten.entries();
    const last = entries.at(-1);
    if (!last) return undefined;
    this.#head = entries[0];
    const delivered = (): void => {
      this.#head = undefined;
      this.#unwritten.written(last.seq);
    };
    return { entries, delivered };
  }

  /** Everything that is still on this worker, oldest first. */
  async *entries(): AsyncGenerator<LedgerEntry> {
    yield* this.#journal.entries();
    yield* this.#unwritten.entries();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#syncing);
    clearTimeout(this.#retrying);
    this.#write();
    await this.#journal.close().catch((error: unknown) => this.#diskFailed(error));
  }

  #keep(event: LedgerEvent | LedgerGap): void {
    const seq = ++this.#seq;
    this.#unwritten.push(seq, encodeEntry(event, seq));
    // A disk that takes nothing is tried again once a second, not with each event.
    if (this.#diskError === undefined) this.#write();
    else this.#holdInMemory();
    this.#tell();
  }

  /** Appends what is not on the disk yet: always the oldest first, so that the order holds. */
  #write(): void {
    if (this.#unwritten.length === 0) return;
    try {
      for (let some = this.#unwritten.oldest(WRITTEN_AT_ONCE); some; some = this.#unwritten.oldest(WRITTEN_AT_ONCE)) {
        this.#journal.append(some);
        this.#unwritten.written(some.lastSeq);
        const lost = this.#journal.makeRoom();
        if (lost && !this.#isLast) this.#drop(lost);
      }
    } catch (error) {
      this.#diskFailed(error);
      this.#holdInMemory();
      return;
    }
    if (this.#diskError !== undefined) this.#log.info({}, 'the outbox is written to the disk again');
    this.#diskError = undefined;
    this.#syncSoon();
    const gap = this.#gap;
    this.#gap = undefined;
    if (gap) this.#keep({ kind: 'events-dropped', at: this.#clock(), ...gap });
  }

  #syncSoon(): void {
    if (this.#closed) return;
    this.#syncing ??= setTimeout(() => {
      this.#syncing = undefined;
      this.#journal.sync().catch((error: unknown) => this.#diskFailed(error));
    }, SYNC_MS);
  }

  #holdInMemory(): void {
    const lost = this.#unwritten.cutTo(MOST_UNWRITTEN);
    if (lost) this.#drop(lost);
    if (!this.#closed)
      this.#retrying ??= setTimeout(() => {
        this.#retrying = undefined;
        this.#write();
      }, RETRY_MS);
  }

  #drop(lost: Overflow): void {
    if (this.#dropped === 0) this.#log.error({ ...lost }, 'the outbox is full: the oldest events are thrown away');
    this.#dropped += lost.count;
    const before = this.#gap;
    const count = lost.count + lost.untold + (before?.count ?? 0);
    this.#gap = { count, first: before?.first ?? lost.first, last: lost.last };
  }

  #diskFailed(error: unknown): void {
    const reason = reasonOf(error);
    if (this.#diskError === undefined)
      this.#log.error({ error: reason }, 'the outbox cannot be written; events are in memory only');
    this.#diskError = reason;
  }
}
