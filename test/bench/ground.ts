import { setTimeout as pause } from 'node:timers/promises';
import { Rig } from '../rig/rig.ts';

/** Asking takes CPU from what is being measured. */
const POLL_MS = 100;

export interface Goal {
  readonly name: string;
  readonly goal: string;
  readonly value: number;
  readonly met: boolean;
}

export interface Measured {
  readonly figures: Readonly<Record<string, unknown>>;
  readonly ratios: Readonly<Record<string, number>>;
  readonly goals: readonly Goal[];
}

/** A goal of the form "at most". */
export function atMost(name: string, limit: number, value: number): Goal {
  return { name, goal: `<= ${limit}`, value, met: value <= limit };
}

/** A goal of the form "at least". */
export function atLeast(name: string, limit: number, value: number): Goal {
  return { name, goal: `>= ${limit}`, value, met: value >= limit };
}

/** What a bench stands on: a voice for its progress, and the promise that all it makes is removed. */
export class Ground {
  readonly #undo: (() => Promise<void>)[] = [];
  readonly #began = Date.now();

  get seconds(): number {
    return (Date.now() - this.#began) / 1000;
  }

  say(text: string): void {
    console.error(`${this.seconds.toFixed(0).padStart(4)} s  ${text}`);
  }

  /** Called at the end, the last one first, also when the bench fails or is interrupted. */
  onEnd(undo: () => Promise<void>): void {
    this.#undo.push(undo);
  }

  async clear(): Promise<void> {
    for (let undo = this.#undo.pop(); undo; undo = this.#undo.pop())
      await undo().catch((error: unknown) =>
        console.error(`not removed: ${error}; see docker ps --filter label=vdi.test=bench`),
      );
  }

  /**
   * A worker of its own with exactly `slots` desktops. Where a bench fills them all, no refill can begin beside what is
   * being measured.
   */
  async worker(slots: number, env: Readonly<Record<string, string>> = {}): Promise<Rig> {
    const rig = new Rig({
      name: 'bench',
      env: { EXAM_VM_CPUS: '0.01', WORKER_TOTAL_MEMORY_MB: String(1024 + 1536 * slots), ...env },
    });
    const started = rig.start();
    // Interrupted in the middle of its start it still has things to come, which then have to go too.
    this.onEnd(async () => {
      await started.catch(() => undefined);
      await rig.stop();
    });
    await started;
    this.say(`worker ${rig.code} is up, ${slots} slots`);
    return rig;
  }
}

/** Ids of exams of this run alone: desktops' names are one engine's, and other workers' tests may run on it. */
export function examId(index: number): number {
  return process.pid * 1000 + index;
}

/** Asks for a pool. @returns the milliseconds that the call itself took */
export async function prewarm(rig: Rig, examId: number, count: number): Promise<number> {
  const began = performance.now();
  const { status, body } = await rig.call('/api/vdi/cluster/prewarm', { examId, count });
  if (status !== 200) throw new Error(`prewarm answered ${status}: ${JSON.stringify(body)}`);
  return performance.now() - began;
}

/** Waits until the worker holds this many warm desktops of an exam. Warm, not only ready: a student's join paints at once. One that fails is made anew by the worker. */
export async function untilWarm(rig: Rig, examId: number, count: number, ms = 120_000): Promise<void> {
  const end = Date.now() + ms;
  for (;;) {
    const { body } = await rig.call('/api/vdi/cluster/status');
    const desktops: { examId: number; state: string }[] = body.desktops;
    if (desktops.filter((desktop) => desktop.examId === examId && desktop.state === 'warm').length >= count) return;
    if (Date.now() > end)
      throw new Error(
        `not ${count} warm within ${ms} ms: ${JSON.stringify(body.pools)}, last failure: ${body.lastFailure}`,
      );
    await pause(POLL_MS);
  }
}
