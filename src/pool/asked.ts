import { type Desktop, isPooled } from '../desktop/desktop.ts';
import { type Overrides, ordered, sameOverrides } from '../desktop/overrides.ts';

/** What callers have asked of this worker, in a form that can be written down. */
export interface AskedOf {
  /** Warm desktops wanted, per exam. */
  readonly wanted: ReadonlyMap<number, number>;
  /** Settings of their own, of the exams that have some. */
  readonly overrides: ReadonlyMap<number, Overrides>;
  /** It is all that was ever asked. Until that is so, nobody's desktop is too many. */
  readonly isKnown: boolean;
}

/** What was asked for. It is nowhere else but in Redis, and as far as it shows in what runs. */
export class Asked implements AskedOf {
  readonly wanted = new Map<number, number>();
  readonly overrides = new Map<number, Overrides>();
  #read = false;
  #known = false;

  /** What is written down has been taken in, so that it may be written over. */
  get isRead(): boolean {
    return this.#read;
  }

  get isKnown(): boolean {
    return this.#known;
  }

  /** @param overrides undefined: those known stay */
  ask(examId: number, count: number, overrides: Overrides | undefined): void {
    this.wanted.set(examId, count);
    if (overrides) this.overrides.set(examId, ordered(overrides));
  }

  overridesOf(examId: number): Overrides {
    return this.overrides.get(examId) ?? {};
  }

  /** Made with the settings that its exam has now. */
  fits(desktop: Desktop): boolean {
    return sameOverrides(desktop.labels.overrides, this.overridesOf(desktop.labels.examId));
  }

  /** Takes in what an earlier run was asked. What this run has been asked is newer and stays. */
  takeIn(saved: AskedOf): void {
    for (const [examId, count] of saved.wanted) if (!this.wanted.has(examId)) this.wanted.set(examId, count);
    for (const [examId, overrides] of saved.overrides)
      if (!this.overrides.has(examId)) this.overrides.set(examId, overrides);
    this.#read = true;
    this.#known ||= saved.isKnown;
  }
}

/**
 * What was asked for, as far as it shows in what runs: for when the memory of it is lost. The settings are those of the
 * newest desktop. The level is what was made ahead and is in the pool now: too low right after a claim, but no warm desktop
 * is thrown away.
 */
export function askedByWhatRuns(desktops: readonly Desktop[]): Pick<AskedOf, 'wanted' | 'overrides'> {
  const wanted = new Map<number, number>();
  const overrides = new Map<number, Overrides>();
  for (const desktop of [...desktops].sort((a, b) => a.createdAt - b.createdAt)) {
    const { examId } = desktop.labels;
    overrides.set(examId, desktop.labels.overrides ?? {});
    if (isPooled(desktop) && desktop.labels.madeAhead) wanted.set(examId, (wanted.get(examId) ?? 0) + 1);
  }
  return { wanted, overrides };
}
