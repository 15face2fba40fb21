import { keepNewest } from './keep-newest.ts';

const MOST_ADDRESSES = 10_000;

export interface BucketSize {
  /** Most at once. */
  readonly burst: number;
  /** Come back in each second. */
  readonly perSec: number;
}

/** One bucket of tokens per address: full at first, a token for each call, filled again as time goes by. */
export class Buckets {
  readonly #size: BucketSize;
  readonly #clock: () => number;
  readonly #left = new Map<string, { tokens: number; at: number }>();

  /** @param clock milliseconds */
  constructor(size: BucketSize, clock: () => number) {
    this.#size = size;
    this.#clock = clock;
  }

  /** Takes one. @returns milliseconds until there is one again; 0: it was taken */
  take(address: string): number {
    const { burst, perSec } = this.#size;
    const now = this.#clock();
    const before = this.#left.get(address) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, before.tokens + (Math.max(0, now - before.at) / 1000) * perSec);
    // Taken out and put in again: the first in the map is the one that has been silent longest.
    this.#left.delete(address);
    this.#left.set(address, { tokens: tokens < 1 ? tokens : tokens - 1, at: now });
    keepNewest(this.#left, MOST_ADDRESSES);
    return tokens < 1 ? Math.ceil(((1 - tokens) / perSec) * 1000) : 0;
  }
}
