import type { Clock } from '../ports.ts';

export interface Attempts {
  /** Seconds until this one may try again; 0 for now. */
  waitFor(who: string): number;
  failed(who: string): void;
  succeeded(who: string): void;
}

/**
 * Slows guessing down, per person and not per address: a whole class shares one address. In this process's memory, since
 * the guesser gains little from a restart and a database write per guess would cost more than it keeps out.
 */
export function attempts(clock: Clock, limit: number, windowSec: number): Attempts {
  const failures = new Map<string, { count: number; until: number }>();

  function current(who: string): { count: number; until: number } | undefined {
    const found = failures.get(who);
    if (found && found.until <= clock().getTime()) {
      failures.delete(who);
      return undefined;
    }
    return found;
  }

  return {
    waitFor(who) {
      const found = current(who);
      if (!found || found.count < limit) return 0;
      return Math.ceil((found.until - clock().getTime()) / 1000);
    },
    failed(who) {
      // Names are the guesser's to invent: forget everything before the map can grow without end.
      if (failures.size > 10_000) failures.clear();
      const found = current(who) ?? { count: 0, until: clock().getTime() + windowSec * 1000 };
      failures.set(who, { ...found, count: found.count + 1 });
    },
    succeeded(who) {
      failures.delete(who);
    },
  };
}
