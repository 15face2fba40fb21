import type { Passed } from './cluster-gate.ts';
import type { RefusalCause } from './gate-refusals.ts';
import type { Metrics } from './metrics.ts';

const MOST_ADDRESSES = 1000;

/** What an operator wants to know of the cluster calls: whether the previous token is still used, and who is refused. */
export class ClusterTally {
  readonly #metrics: Pick<Metrics, 'clusterCall' | 'clusterRefused'>;
  readonly #now: () => number;
  readonly #byPrevious = new Set<string>();
  #previous: { calls: number; at: number; from: string } | undefined;
  #refused: { calls: number; at: number; from: string; why: RefusalCause } | undefined;

  /** @param now milliseconds since the epoch */
  constructor(metrics: Pick<Metrics, 'clusterCall' | 'clusterRefused'>, now: () => number) {
    this.#metrics = metrics;
    this.#now = now;
  }

  /** @returns whether this is the first call from that address with the previous token */
  passed({ token, isSigned }: Passed, from: string): boolean {
    this.#metrics.clusterCall(token === 0 ? 'current' : 'previous', isSigned);
    if (token === 0) return false;
    this.#previous = { calls: (this.#previous?.calls ?? 0) + 1, at: this.#now(), from };
    if (this.#byPrevious.has(from) || this.#byPrevious.size >= MOST_ADDRESSES) return false;
    this.#byPrevious.add(from);
    return true;
  }

  refused(why: RefusalCause, from: string): void {
    this.#metrics.clusterRefused(why);
    this.#refused = { calls: (this.#refused?.calls ?? 0) + 1, at: this.#now(), from, why };
  }

  /** For the status call: since this process began. */
  report() {
    const [previous, refused] = [this.#previous, this.#refused];
    return {
      previousToken: { calls: previous?.calls ?? 0, last: last(previous), from: previous?.from ?? null },
      refused: {
        calls: refused?.calls ?? 0,
        last: last(refused),
        from: refused?.from ?? null,
        why: refused?.why ?? null,
      },
    };
  }
}

function last(seen: { readonly at: number } | undefined): string | null {
  return seen ? new Date(seen.at).toISOString() : null;
}
