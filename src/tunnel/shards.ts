import type { GuacdAddress } from './guacd.ts';

/** What a guacd did when it was asked: it answered, it took the connection and said nothing, or nobody was there. */
export type Seen = 'answered' | 'silent' | 'away';

/** What a look changed: `restart` asks for its container to be started anew. */
export type Turn = 'out' | 'in' | 'restart';

/** One guacd of several. */
export interface Shard {
  readonly name: string;
  readonly address: GuacdAddress;
}

interface State {
  held: number;
  /** Looks without an answer, one after the other. */
  missed: number;
  silent: number;
  restartedAt: number;
}

/** One look without an answer may be a busy host. */
const MISSES_OUT = 2;
const SILENCES_RESTART = 4;
/** A restart ends every picture it holds: one that does not help is not tried over and over. Milliseconds. */
const RESTART_AGAIN_MS = 60_000;

/**
 * The worker's guacds: which one takes the next connection, and which are out of service. Each desktop's connection is held
 * by one of them for as long as that one serves. Knows no clock and no socket.
 */
export class Shards {
  readonly #states: ReadonlyMap<Shard, State>;

  /** @param shards at least one */
  constructor(shards: readonly Shard[]) {
    this.#states = new Map(
      shards.map((shard) => [shard, { held: 0, missed: 0, silent: 0, restartedAt: Number.NEGATIVE_INFINITY }]),
    );
  }

  all(): readonly Shard[] {
    return [...this.#states.keys()];
  }

  /** The one for the next connection: never one in doubt while another is in none, else the one that holds fewest. `give` it back. */
  take(): Shard {
    const [first, ...rest] = [...this.#states];
    if (!first) throw new Error('a worker has at least one guacd');
    const [shard, state] = rest.reduce((best, next) => (isBetter(next[1], best[1]) ? next : best), first);
    state.held++;
    return shard;
  }

  give(shard: Shard): void {
    const state = this.#states.get(shard);
    if (state) state.held--;
  }

  /** False when its connections are better begun anew at another one. A lone guacd is never given up. */
  serves(shard: Shard): boolean {
    return !this.#isOut(shard) || !this.someServe();
  }

  someServe(): boolean {
    return this.all().some((shard) => !this.#isOut(shard));
  }

  /** What an operator should look at though others serve; nothing when none does: then the worker is not ready. */
  complaints(): string[] {
    const out = this.all().filter((shard) => this.#isOut(shard));
    return this.someServe() ? out.map(({ name }) => `${name} does not answer; the others serve its desktops`) : [];
  }

  /** Takes what a look has shown. @param at ms since 1970 */
  note(shard: Shard, seen: Seen, at: number): Turn | undefined {
    const state = this.#states.get(shard);
    if (!state) return undefined;
    const wasOut = this.#isOut(shard);
    state.missed = seen === 'answered' ? 0 : state.missed + 1;
    state.silent = seen === 'silent' ? state.silent + 1 : 0;
    if (state.silent >= SILENCES_RESTART && at - state.restartedAt >= RESTART_AGAIN_MS) {
      state.restartedAt = at;
      state.silent = 0;
      return 'restart';
    }
    if (wasOut === this.#isOut(shard)) return undefined;
    return wasOut ? 'in' : 'out';
  }

  /** A look without an answer is repeated soon. */
  isInDoubt(shard: Shard): boolean {
    return (this.#states.get(shard)?.missed ?? 0) > 0;
  }

  /** Each with what it holds, for status and metrics. */
  report(): { readonly name: string; readonly held: number; readonly state: 'serving' | 'out' }[] {
    return [...this.#states].map(([shard, { held }]) => ({
      name: shard.name,
      held,
      state: this.#isOut(shard) ? 'out' : 'serving',
    }));
  }

  #isOut(shard: Shard): boolean {
    return (this.#states.get(shard)?.missed ?? 0) >= MISSES_OUT;
  }
}

function isBetter(one: State, other: State): boolean {
  if (one.missed > 0 !== other.missed > 0) return one.missed === 0;
  return one.held < other.held;
}
