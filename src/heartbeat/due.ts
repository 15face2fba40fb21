/** After a beat that was not accepted the next follows soon, then ever later. Milliseconds. */
const FIRST_PAUSE_MS = 1_000;
/** Workers that were started together shall not beat together: up to this share of a wait is left out. */
const JITTER = 0.1;

/** When the next heartbeat is due. Only the newest state is ever sent, so there is nothing to queue. */
export class Due {
  readonly #intervalMs: number;
  readonly #random: () => number;
  #at = Number.NEGATIVE_INFINITY;
  #failures = 0;

  /**
   * @param intervalMs longest time between two beats, also while the control-plane is away
   * @param random from 0 up to, not with, 1
   */
  constructor(intervalMs: number, random: () => number = Math.random) {
    this.#intervalMs = intervalMs;
    this.#random = random;
  }

  /** A change is told at once, but not to a control-plane that has just failed to take a beat. */
  isDue(now: number, isChanged: boolean): boolean {
    return now >= this.#at || (isChanged && this.#failures === 0);
  }

  untilDue(now: number): number {
    return Math.max(0, this.#at - now);
  }

  /** @param now when the beat was answered, or given up. Milliseconds */
  sent(now: number, accepted: boolean): void {
    this.#failures = accepted ? 0 : this.#failures + 1;
    const pause = accepted ? this.#intervalMs : Math.min(this.#intervalMs, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    this.#at = now + pause * (1 - JITTER * this.#random());
  }
}
