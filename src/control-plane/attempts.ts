/** How often somebody may be wrong, in a time that begins with the first wrong attempt. */
export interface AttemptLimit {
  readonly what: 'password' | 'access code';
  readonly most: number;
  readonly windowSec: number;
}

export const PASSWORDS: AttemptLimit = { what: 'password', most: 10, windowSec: 60 };
export const ACCESS_CODES: AttemptLimit = { what: 'access code', most: 20, windowSec: 60 };

/**
 * Slows guessing down, per person and not per address: a whole class shares one address. Counted for all control-planes
 * together, or each of them would let through as many. Each call answers the seconds for which nothing may be told, 0 for none:
 * of many guesses at once, those that are found wrong too late hear the same as those that were not looked at.
 */
export interface Attempts {
  wait(limit: AttemptLimit, who: string): Promise<number>;
  failed(limit: AttemptLimit, who: string): Promise<number>;
  /** Forgets what was wrong before, unless there is something to wait for. */
  succeeded(limit: AttemptLimit, who: string): Promise<number>;
  /** Removes what nobody has to wait for any more. */
  forgetOld(): Promise<void>;
}
