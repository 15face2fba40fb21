import type { RefillPace } from '../desktop/refill-pace.ts';

/** One desktop to make. */
export interface Job {
  readonly id: string;
  readonly examId: number;
  readonly for: 'student' | 'pool';
  /** Never rises. */
  act(): Promise<void>;
  /** Called instead of `act` when it is not to be made after all. */
  drop(): void;
  /** Whether it is still to be made, asked when its turn has come. */
  isWanted(): boolean;
}

export interface LaneRules {
  /** Creates at a time. More do not come up sooner, each only takes longer (measured: 20 at once 2.1 s per call, 4 at once 0.65 s). */
  readonly width: number;
  readonly clock: () => number;
  /** @param heldSince since when a pool's desktop could have begun */
  pace(heldSince: number): RefillPace;
  /** Desktops that are coming up now, those in the lane aside. */
  comingUp(): number;
}

const LOOK_AGAIN_MS = 250;

/** The line of desktops to be made. A student's goes first; a pool's waits until the pace lets it begin. */
export class Lane {
  readonly #rules: LaneRules;
  #queue: { readonly job: Job; readonly since: number }[] = [];
  readonly #lastOf = new Map<number, number>();
  #creating = 0;
  #begun = 0;
  #lastPoolAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(rules: LaneRules) {
    this.#rules = rules;
  }

  /** Desktops of pools that wait for their turn. */
  get held(): number {
    return this.#queue.filter(({ job }) => job.for === 'pool').length;
  }

  /** What slows the pools' desktops down now. */
  get pace(): RefillPace {
    return this.#rules.pace(this.#heldSince());
  }

  add(job: Job): void {
    this.#queue.push({ job, since: this.#rules.clock() });
    this.move();
  }

  /** Begins nothing any more. What has begun goes on. */
  close(): void {
    this.#closed = true;
    this.move();
  }

  /** Students wait for this exam: that many of its pool's desktops in the line go first. */
  hurry(examId: number, count: number): void {
    let left = count;
    this.#queue = this.#queue.map((entry) => {
      if (left <= 0 || entry.job.examId !== examId) return entry;
      left--;
      return { ...entry, job: { ...entry.job, for: 'student' } };
    });
    this.move();
  }

  /** Gives up one pool's desktop that has not begun, so that a student's can have its slot. @returns whether there was one */
  giveWay(): boolean {
    return this.#takeOut(this.#queue.findLastIndex(({ job }) => job.for === 'pool'));
  }

  cancel(id: string): boolean {
    return this.#takeOut(this.#queue.findIndex(({ job }) => job.id === id));
  }

  #takeOut(index: number): boolean {
    const [entry] = index < 0 ? [] : this.#queue.splice(index, 1);
    entry?.job.drop();
    return entry !== undefined;
  }

  /** Begins what may begin now. Called whenever a desktop has changed. */
  move(): void {
    if (this.#closed) {
      for (const { job } of this.#queue.splice(0)) job.drop();
      return;
    }
    for (let next = this.#next(); next; next = this.#next()) {
      this.#queue = this.#queue.filter((entry) => entry.job !== next);
      if (!next.isWanted()) {
        next.drop();
        continue;
      }
      if (next.for === 'pool') this.#lastPoolAt = this.#rules.clock();
      this.#lastOf.set(next.examId, ++this.#begun);
      this.#creating++;
      void next.act().finally(() => {
        this.#creating--;
        this.move();
      });
    }
    if (this.#queue.length === 0 || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.move();
    }, LOOK_AGAIN_MS).unref();
  }

  #next(): Job | undefined {
    const { width, comingUp } = this.#rules;
    const jobs = this.#queue.map(({ job }) => job);
    const student = jobs.find((job) => job.for === 'student');
    if (student) return this.#creating < width ? student : undefined;
    // One place stays free for a student's.
    if (jobs.length === 0 || this.#creating >= Math.max(1, width - 1)) return undefined;
    if (comingUp() + this.#creating >= this.pace.atOnce) return undefined;
    // The exam that has waited longest: a large pool does not make a small one wait for all of it.
    const turn = (job: Job): number => this.#lastOf.get(job.examId) ?? 0;
    return jobs.reduce((first, job) => (turn(job) < turn(first) ? job : first));
  }

  #heldSince(): number {
    const first = this.#queue.find(({ job }) => job.for === 'pool');
    return Math.max(this.#lastPoolAt, first?.since ?? this.#rules.clock());
  }
}
