import { networkOf } from './address.ts';
import { keepNewest } from './keep-newest.ts';

const MOST_REFUSED = 30;
const WINDOW_MS = 10_000;
const MOST_ADDRESSES = 10_000;

/**
 * Refused attempts per address. Those that came in are not counted: a whole hall sits behind one address. In memory only,
 * since a restart gains a guesser little.
 */
export class Attempts {
  readonly #clock: () => number;
  readonly #refused = new Map<string, { count: number; readonly until: number }>();

  /** @param clock milliseconds */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  tooMany(address: string): boolean {
    return (this.#of(address)?.count ?? 0) >= MOST_REFUSED;
  }

  refused(address: string): void {
    const found = this.#of(address);
    if (found) {
      found.count++;
      return;
    }
    this.#refused.set(networkOf(address), { count: 1, until: this.#clock() + WINDOW_MS });
    keepNewest(this.#refused, MOST_ADDRESSES);
  }

  #of(address: string) {
    const network = networkOf(address);
    const found = this.#refused.get(network);
    if (found && found.until > this.#clock()) return found;
    this.#refused.delete(network);
    return undefined;
  }
}
