/** How busy the host is. */
export interface HostLoad {
  readonly cores: number;
  /** Share of the last moments, 0 to 1, in which something that could run waited for a core; undefined: cannot be told. */
  readonly stalled?: number | undefined;
  /** Programs that run or wait to, per core, over the last minute. */
  readonly perCore: number;
}

export interface PaceFacts {
  readonly now: number;
  /** Desktops in use. */
  readonly students: number;
  /** Students who wait for a desktop that is being made. */
  readonly waiting: number;
  /** When a student last asked for his desktop. */
  readonly lastJoinAt: number;
  /** Since when no desktop made ahead has been begun although one was to be. */
  readonly heldSince: number;
  readonly load: HostLoad;
}

export type Slowed = 'student-waiting' | 'students-joining' | 'host-busy' | 'students-at-work';

/** How many desktops made ahead may be coming up at once, and what keeps them from being more. */
export interface RefillPace {
  readonly atOnce: number;
  readonly slowed?: Slowed;
}

/** A student who just joined has his screen painted in this time: nothing new begins beside it. */
const JOIN_MS = 1_500;
/** Where one joins, more do: an exam's beginning. */
const RUSH_MS = 10_000;
/** Longest that refills stand still for students: a pool that is never filled makes the next ones wait for seconds. */
const STARVE_MS = 10_000;
/**
 * One desktop that comes up keeps a core busy for two seconds, but waits in between, and the last ones of a pool leave cores
 * idle: ten on two cores took 1.10 times as long as plain runs with 6 at once per core, 1.23 times with 4.
 */
const PER_CORE = 6;
const BUSY_STALLED = 0.6;
const BUSY_PER_CORE = 1.5;

/** The pace of filling pools: the engine's own while nobody sits here, giving way as soon as students need the cores. */
export function refillPace(facts: PaceFacts): RefillPace {
  const { now, students, waiting, lastJoinAt, heldSince, load } = facts;
  const sinceJoin = elapsed(lastJoinAt, now);
  const least = elapsed(heldSince, now) >= STARVE_MS ? 1 : 0;
  if (waiting > 0) return { atOnce: least, slowed: 'student-waiting' };
  if (sinceJoin < JOIN_MS) return { atOnce: least, slowed: 'students-joining' };
  if (sinceJoin < RUSH_MS) return { atOnce: 1, slowed: 'students-joining' };
  if (students === 0) return { atOnce: load.cores * PER_CORE };
  if (isBusy(load)) return { atOnce: 1, slowed: 'host-busy' };
  return { atOnce: Math.max(1, Math.floor(load.cores / 2)), slowed: 'students-at-work' };
}

function isBusy({ stalled, perCore }: HostLoad): boolean {
  return stalled === undefined ? perCore > BUSY_PER_CORE : stalled > BUSY_STALLED;
}

// A clock that was set back must not stop the refills until it has caught up: what lies ahead was long ago.
function elapsed(since: number, now: number): number {
  return since > now ? Number.POSITIVE_INFINITY : now - since;
}
