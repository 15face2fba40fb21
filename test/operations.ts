import { type Seat, seatName } from '../src/desktop/names.ts';
import type { Seeded } from './seeded.ts';

/**
 * What callers, operators and bad luck do to a worker in a random walk: on the real engine (test/faults/walk.ts) and on
 * the pure core (test/unit/pool/walk.test.ts). A walk's operations follow from its seed alone, never from what happened.
 */
export type Operation =
  | Call<'allocate'>
  | Call<'release'>
  | { readonly kind: 'prewarm'; readonly examId: number; readonly count: number }
  | { readonly kind: 'reconcile' }
  /** The backend's process is killed. Unless somebody `waits` for the next one, what follows meets a closed door. */
  | { readonly kind: 'crash'; readonly waits: boolean }
  /** A student opens his tunnel, and leaves after a while. */
  | {
      readonly kind: 'join';
      readonly seat: Seat;
      readonly tabs: number;
      readonly stayMs: number;
      readonly breaks: boolean;
      /** With the contract's token, not with the worker's own. */
      readonly byContract: boolean;
    }
  /** A student writes a file. */
  | { readonly kind: 'work'; readonly seat: Seat }
  /** A desktop ends by itself: a student's own, or the nth of all that wait. */
  | { readonly kind: 'die'; readonly seat: Seat }
  | { readonly kind: 'die waiting'; readonly nth: number }
  /** The way to a part is broken, or takes everything and answers nothing. */
  | { readonly kind: 'line'; readonly part: Part; readonly hangs: boolean; readonly forMs: number }
  /** A service's process is killed; `empty`: what it kept is gone as well. */
  | { readonly kind: 'service'; readonly part: 'redis' | 'guacd'; readonly empty: boolean; readonly forMs: number }
  /** One held connection breaks. */
  | { readonly kind: 'hold lost'; readonly nth: number }
  /** A desktop will not start again, or somebody removes it by hand. */
  | { readonly kind: 'lost'; readonly nth: number; readonly how: 'kill' | 'takeAway' }
  | { readonly kind: 'lock broken'; readonly nth: number; readonly lock: 'broken' | 'silent' }
  | { readonly kind: 'new image'; readonly nth: number };

export type Kind = Operation['kind'];
export type Part = 'engine' | 'redis' | 'guacd' | 'postgres';

interface Call<Name extends string> {
  readonly kind: Name;
  readonly seat: Seat;
  /** So many at once: a caller that does not wait for an answer before it tries again. */
  readonly times: number;
  /** The caller hangs up after this; undefined: it waits for the answer. Milliseconds. */
  readonly hangUpMs: number | undefined;
}

/** Who and what a walk is about. */
export interface WalkCast {
  readonly seats: readonly Seat[];
  readonly exams: readonly number[];
  /** Most desktops that a prewarm asks for. */
  readonly mostWarm: number;
  /** How often each kind comes, against the others. What is not named does not come. */
  readonly shares: Readonly<Partial<Record<Kind, number>>>;
  readonly parts: readonly Part[];
}

const NTH = 1_000;
const HANG_UP_MS = [1, 5, 20, 100, 500];
const STAY_MS = [0, 200, 1_000, 3_000, 8_000];
const OUTAGE_MS = [200, 1_000, 3_000];

/** The next operation of a walk. */
export function draw(random: Seeded, cast: WalkCast): Operation {
  const kind = drawKind(random, cast.shares);
  const seat = random.pick(cast.seats);
  switch (kind) {
    case 'allocate':
    case 'release': {
      const hangUpMs = random.chance(0.2) ? random.pick(HANG_UP_MS) : undefined;
      return { kind, seat, times: random.pick([1, 1, 2, 3]), hangUpMs };
    }
    case 'prewarm':
      return { kind, examId: random.pick(cast.exams), count: random.whole(0, cast.mostWarm) };
    case 'reconcile':
      return { kind };
    case 'crash':
      return { kind, waits: random.chance(0.7) };
    case 'join': {
      const [breaks, byContract] = [random.chance(0.5), random.chance(0.5)];
      return { kind, seat, tabs: random.pick([1, 1, 2]), stayMs: random.pick(STAY_MS), breaks, byContract };
    }
    case 'work':
    case 'die':
      return { kind, seat };
    case 'line':
      return { kind, part: random.pick(cast.parts), hangs: random.chance(0.5), forMs: random.pick(OUTAGE_MS) };
    case 'service': {
      const part = random.pick(['redis', 'guacd'] as const);
      return { kind, part, empty: part === 'redis' && random.chance(0.4), forMs: random.pick(OUTAGE_MS) };
    }
    case 'lost':
      return { kind, nth: random.whole(0, NTH), how: random.pick(['kill', 'takeAway'] as const) };
    case 'lock broken':
      return { kind, nth: random.whole(0, NTH), lock: random.pick(['broken', 'silent'] as const) };
    case 'die waiting':
    case 'hold lost':
    case 'new image':
      return { kind, nth: random.whole(0, NTH) };
  }
}

function drawKind(random: Seeded, shares: WalkCast['shares']): Kind {
  const all = Object.entries(shares) as [Kind, number][];
  let left = random.next() * all.reduce((sum, [, share]) => sum + share, 0);
  for (const [kind, share] of all) {
    left -= share;
    if (left < 0) return kind;
  }
  throw new Error('a walk needs kinds of operations with shares above nothing');
}

/** An operation as a person reads it in a walk's diary. */
export function inWords({ kind, ...rest }: Operation): string {
  const told = Object.entries(rest).filter(([, value]) => value !== undefined && value !== false);
  return [kind, ...told.map(([name, value]) => wordsOf(name, value))].join(' ');
}

function wordsOf(name: string, value: unknown): string {
  if (name === 'seat') return seatName(value as Seat);
  return value === true ? name : `${name}=${value}`;
}
