const FIRST_PAUSE_MS = 1_000;
/**
 * - `host`: the engine refused to make it, or the disk was full. Trying costs next to nothing, and all pools wait for the
 *   moment in which the host is well again.
 * - `desktop`: it was made and did not come up. Each try keeps a core busy for seconds, and a broken image fails each time.
 */
export type Cause = 'host' | 'desktop';

const LONGEST_PAUSE_MS: Record<Cause, number> = { host: 5_000, desktop: 60_000 };
/** A student who waits is reason enough for another try, but not for one after the other. */
const STUDENT_PAUSE_MS = 5_000;
/** So that the exams of a host, and the hosts of a school, do not come back in step. */
const JITTER = 0.25;

interface Setback {
  readonly inRow: Readonly<Record<Cause, number>>;
  readonly cause: Cause;
  readonly at: number;
  readonly until: number;
  readonly words: string;
}

export interface Failing {
  readonly examId: number;
  readonly cause: Cause;
  readonly words: string;
  /** Desktops begun before the last failure was known are one batch with it: they count once. */
  readonly begunAt: number;
}

/**
 * Desktops that did not come up, per exam: one exam's broken settings must not stop the others' pools. Without a growing
 * pause the worker would make and remove desktops as fast as it can.
 */
export class Setbacks {
  readonly #byExam = new Map<number, Setback>();
  readonly #random: () => number;

  /** @param random from 0 up to 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  failed({ examId, cause, words, begunAt }: Failing, now: number): void {
    const before = this.#byExam.get(examId);
    if (before && begunAt <= before.at) {
      this.#byExam.set(examId, { ...before, words });
      return;
    }
    const inRow = { host: 0, desktop: 0, ...before?.inRow };
    inRow[cause]++;
    const pause = Math.min(LONGEST_PAUSE_MS[cause], FIRST_PAUSE_MS * 2 ** (inRow[cause] - 1));
    const until = now + pause * (1 - JITTER + 2 * JITTER * this.#random());
    // Taken out and put in again: the newest is the last.
    this.#byExam.delete(examId);
    this.#byExam.set(examId, { inRow, cause, at: now, until, words });
  }

  /** What fails on this host at all came up just now: what failed for the host's sake is worth another try. */
  cameUp(examId: number): void {
    this.#byExam.delete(examId);
    this.#forgive(({ cause }) => cause === 'host');
  }

  /** The engine is another than the one that failed: whatever it was, it may be over. */
  engineIsBack(): void {
    this.#forgive(() => true);
  }

  /** Milliseconds until a desktop of this exam is worth trying again; 0 when it is now. */
  pauseMs(examId: number, now: number, why: 'student' | 'refill' = 'refill'): number {
    const setback = this.#byExam.get(examId);
    if (!setback) return 0;
    const left = setback.until - now;
    // Longer than any pause: the clock was set back, and would make a minute of hours.
    if (left > LONGEST_PAUSE_MS.desktop * (1 + JITTER)) return 0;
    const soon = setback.at + STUDENT_PAUSE_MS - now;
    return Math.max(0, why === 'student' ? Math.min(left, soon) : left);
  }

  /** What the newest failure said, of the exams that have not come up since. */
  get last(): string | undefined {
    return [...this.#byExam.values()].at(-1)?.words;
  }

  #forgive(which: (setback: Setback) => boolean): void {
    for (const [examId, setback] of this.#byExam)
      if (which(setback)) this.#byExam.set(examId, { ...setback, inRow: { host: 0, desktop: 0 }, until: 0 });
  }
}
