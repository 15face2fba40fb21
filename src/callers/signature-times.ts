/** How far apart the clocks of caller and worker may be. */
export const WINDOW_MS = 60_000;
const MOST_NONCES = 100_000;

/**
 * - `new`: signed lately and not seen before; it is remembered now
 * - `clock`: signed at another time than now
 * - `before-start`: signed before this process began, which remembers nothing of what was used before
 * - `replayed`: seen before
 * - `crowded`: more signed calls than can be remembered
 */
export type Freshness = 'new' | 'clock' | 'before-start' | 'replayed' | 'crowded';

export interface Clocks {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since this process began; never jumps. */
  uptime(): number;
}

/** Remembers the signed calls of the window, so that each counts once. Only asked about calls whose signature is right. */
export class SignatureTimes {
  readonly #clocks: Clocks;
  /** When each was used, by uptime; in that order. */
  readonly #used = new Map<string, number>();

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  /** @param time when it was signed, milliseconds since the epoch */
  use(time: number, nonce: string): Freshness {
    const now = this.#clocks.now();
    const uptime = this.#clocks.uptime();
    if (Math.abs(now - time) > WINDOW_MS) return 'clock';
    // By the uptime, not by a time noted at the start: a clock that was wrong then and is right now must not matter.
    if (time < now - uptime) return 'before-start';
    this.#forgetBefore(uptime - 2 * WINDOW_MS);
    if (this.#used.has(nonce)) return 'replayed';
    if (this.#used.size >= MOST_NONCES) return 'crowded';
    this.#used.set(nonce, uptime);
    return 'new';
  }

  // A call signed a minute ahead of our clock stays within the window for two.
  #forgetBefore(uptime: number): void {
    for (const [nonce, at] of this.#used) {
      if (at >= uptime) return;
      this.#used.delete(nonce);
    }
  }
}
