import { isIPv6 } from 'node:net';
import type { Clock } from '../pool/ports.ts';

const MOST_REFUSED = 30;
const WINDOW_MS = 10_000;
const MOST_ADDRESSES = 10_000;

/**
 * Refused attempts per address. Those that came in are not counted: a whole hall sits behind one address. In memory only,
 * since a restart gains a guesser little.
 */
export class Attempts {
  readonly #clock: Clock;
  readonly #refused = new Map<string, { count: number; readonly until: number }>();

  constructor(clock: Clock) {
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
    const oldest = this.#refused.size >= MOST_ADDRESSES ? this.#refused.keys().next().value : undefined;
    if (oldest !== undefined) this.#refused.delete(oldest);
    this.#refused.set(networkOf(address), { count: 1, until: this.#clock() + WINDOW_MS });
  }

  #of(address: string) {
    const network = networkOf(address);
    const found = this.#refused.get(network);
    if (found && found.until > this.#clock()) return found;
    this.#refused.delete(network);
    return undefined;
  }
}

/** One line has 2^64 addresses of IPv6. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('::');
  const first = head.split(':').filter(Boolean);
  const last = tail.split(':').filter(Boolean);
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0') : [];
  return [...first, ...zeros, ...last].slice(0, 4).join(':');
}
