const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

interface Setback {
  readonly inRow: number;
  readonly at: number;
  readonly until: number;
  readonly words: string;
}

/**
 * Desktops that did not come up, per exam: one exam's broken settings must not stop the others' pools. A broken image
 * fails each time: without a growing pause the worker would make and remove desktops as fast as it can.
 */
export class Setbacks {
  readonly #byExam = new Map<number, Setback>();

  /** @param begunAt desktops begun before the last failure was known are one batch with it: they count once */
  failed(examId: number, words: string, begunAt: number, now: number): void {
    const before = this.#byExam.get(examId);
    if (before && begunAt <= before.at) {
      this.#byExam.set(examId, { ...before, words });
      return;
    }
    const inRow = (before?.inRow ?? 0) + 1;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (inRow - 1));
    // Taken out and put in again: the newest is the last.
    this.#byExam.delete(examId);
    this.#byExam.set(examId, { inRow, at: now, until: now + pause, words });
  }

  cameUp(examId: number): void {
    this.#byExam.delete(examId);
  }

  /** Milliseconds until a desktop of this exam is worth trying again; 0 when it is now. */
  pauseMs(examId: number, now: number): number {
    const left = (this.#byExam.get(examId)?.until ?? 0) - now;
    // Longer than any pause: the clock was set back, and would make a minute of hours.
    return left > LONGEST_PAUSE_MS ? 0 : Math.max(0, left);
  }

  /** What the newest failure said, of the exams that have not come up since. */
  get last(): string | undefined {
    return [...this.#byExam.values()].at(-1)?.words;
  }
}
