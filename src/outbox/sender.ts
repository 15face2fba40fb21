import { reasonOf } from '../desktop/reason.ts';
import { EntryRefused, type LedgerEntry, type LedgerStore } from '../pool/ledger.ts';
import type { Log } from '../pool/ports.ts';
import { pauseAfter } from './back-off.ts';
import type { Batch, Outbox } from './outbox.ts';

/** What happens together is sent together. */
const GATHER_MS = 200;
/** With nothing to send the database is looked at this often, so that status is true. */
const LOOK_MS = 30_000;
/** Until the engine has told what runs, which the database is to be compared with. */
const COMPARE_MS = 2_000;

export interface SenderParts {
  readonly outbox: Pick<Outbox, 'listen' | 'next'>;
  readonly store: LedgerStore;
  /** All is delivered: time to compare the database with what runs. @returns whether it was done */
  onDrained(): Promise<boolean>;
  readonly log: Log;
}

/** Carries the outbox to the database for as long as the worker runs, however long the database is away. */
export class Sender {
  readonly #parts: SenderParts;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  /** An event came since the outbox was last looked into. */
  #isNew = false;
  /** Ends the pause under way. */
  #wake: () => void = () => undefined;
  #isIdle = false;
  #failures = 0;
  #lastError: string | undefined = 'not reached yet';
  #refused = 0;
  #isCompared = false;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    parts.outbox.listen(() => {
      this.#isNew = true;
      if (this.#isIdle) this.#wake();
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  /** Why nothing can be delivered now; undefined when the last try went well. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Entries that the database will not have, whatever is done. */
  get refused(): number {
    return this.#refused;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        // Looked at first: while the database is away status tells since when the oldest waits.
        await this.#parts.outbox.next();
        await this.#parts.store.prepare();
        await this.#deliverAll();
        this.#isCompared ||= await this.#parts.onDrained();
        // Only now: a database that answers but takes nothing, such as a standby, is no database that works.
        this.#wentWell();
        await this.#idle(this.#isCompared ? LOOK_MS : COMPARE_MS);
        await this.#pause(GATHER_MS);
      } catch (error) {
        this.#failed(error);
        await this.#pause(pauseAfter(this.#failures, Math.random()));
      }
    }
  }

  async #deliverAll(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#isNew = false;
      const batch = await this.#parts.outbox.next();
      if (!batch) return;
      await this.#deliver(batch);
      batch.delivered();
      this.#wentWell();
    }
  }

  async #deliver({ entries }: Batch): Promise<void> {
    try {
      await this.#parts.store.keep(entries);
    } catch (error) {
      if (!(error instanceof EntryRefused)) throw error;
      // One that will never be taken must not hold up the others for ever.
      for (const entry of entries) await this.#deliverAlone(entry);
    }
  }

  async #deliverAlone(entry: LedgerEntry): Promise<void> {
    try {
      await this.#parts.store.keep([entry]);
    } catch (error) {
      if (!(error instanceof EntryRefused)) throw error;
      this.#refused++;
      this.#parts.log.error({ entry, reason: error.message }, 'the database refuses an event of the history; left out');
    }
  }

  #wentWell(): void {
    if (this.#failures > 0) this.#parts.log.info({ failures: this.#failures }, 'the history’s database answers again');
    this.#failures = 0;
    this.#lastError = undefined;
  }

  #failed(error: unknown): void {
    this.#failures++;
    this.#lastError = reasonOf(error);
    if (this.#failures === 1)
      this.#parts.log.warn({ error: this.#lastError }, 'history not delivered; it is kept here and tried again');
  }

  /** Until the next event, or as long as said. */
  async #idle(ms: number): Promise<void> {
    if (this.#isNew) return;
    this.#isIdle = true;
    await this.#pause(ms);
    this.#isIdle = false;
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
