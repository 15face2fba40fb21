import { reasonOf } from '../desktop/reason.ts';
import type { PoolParts } from './parts.ts';
import type { Clock, DrainMemory, DrainState, Log } from './ports.ts';

const SERVING: DrainState = { draining: false };

/**
 * Whether this worker takes nobody new. Two may say so: whoever calls the worker, and the control-plane's table; the last
 * change counts. Kept where neither a restart nor an empty Redis loses it.
 */
export class Drain {
  readonly #memory: DrainMemory;
  readonly #clock: Clock;
  readonly #log: Log;
  #state: DrainState;
  #unkept: string | undefined;

  constructor({ drainMemory, clock, log }: { drainMemory: DrainMemory; clock: Clock; log: Log }) {
    this.#memory = drainMemory;
    this.#clock = clock;
    this.#log = log;
    this.#state = drainMemory.load() ?? SERVING;
  }

  get state(): DrainState {
    return this.#state;
  }

  get isDraining(): boolean {
    return this.#state.draining;
  }

  /** Why a restart would forget it; undefined when it would not. */
  get unkept(): string | undefined {
    return this.#unkept;
  }

  say(draining: boolean, by: DrainState['by']): void {
    this.#state = { ...this.#state, draining, by, at: this.#clock() };
    this.keep();
  }

  /**
   * The table was read. What it said before is no news: whoever told the worker something else meanwhile said it later.
   * @returns whether it is news
   */
  hear(table: boolean): boolean {
    const { table: before = false } = this.#state;
    if (this.#state.table === table) return false;
    this.#state = { ...this.#state, table };
    this.keep();
    return table !== before;
  }

  /** Writes it down; tried again with each pass while the disk does not take it. */
  keep(): void {
    try {
      this.#memory.save(this.#state);
      this.#unkept = undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (this.#unkept === undefined) this.#log.error({ reason }, 'whether this worker drains cannot be written down');
      this.#unkept = reason;
    }
  }
}

/**
 * Takes no student any more who has no desktop here yet, and empties the pools; who is at work goes on. Ending it fills
 * the pools to their levels.
 */
export function drain(parts: PoolParts, draining: boolean, by: 'call' | 'worker_nodes'): void {
  parts.drain.say(draining, by);
  parts.log.info({ draining, by }, draining ? 'draining: no new sessions, pools go' : 'serving again');
  parts.warmer.changed();
  parts.nudge();
}
