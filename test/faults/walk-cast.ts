import { draw, type Operation, type WalkCast } from '../operations.ts';
import { Seeded } from '../seeded.ts';
import { EXAM } from './invariants.ts';
import { COLD_EXAM } from './scene.ts';

const STUDENTS = 30;
/** So many sit at once at most; the rest of the desktops wait in the pools, or are refused. */
export const MOST_DESKTOPS = 30;
const OF_THE_COLD_EXAM = 8;
const PAUSE_MS = [0, 0, 5, 20, 100, 300, 800, 2_000];
export const WALK: WalkCast = {
  seats: Array.from({ length: STUDENTS }, (_, index) => ({
    examId: index < STUDENTS - OF_THE_COLD_EXAM ? EXAM : COLD_EXAM,
    userId: index + 1,
  })),
  exams: [EXAM, COLD_EXAM],
  mostWarm: 4,
  parts: ['engine', 'redis', 'guacd', 'postgres'],
  shares: {
    allocate: 32,
    release: 9,
    join: 20,
    work: 10,
    prewarm: 6,
    reconcile: 5,
    crash: 3,
    die: 3,
    'die waiting': 2,
    line: 4,
    service: 2,
  },
};

export interface Step {
  readonly operation: Operation;
  readonly pauseMs: number;
}

/** The walk of a seed: the same operations every time. */
export function walkOf(seed: number, length: number): Step[] {
  const random = new Seeded(seed);
  return Array.from({ length }, () => ({ operation: draw(random, WALK), pauseMs: random.pick(PAUSE_MS) }));
}
