import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../desktop/reason.ts';
import type { DrainTable, Log } from './ports.ts';

const EVERY_MS = 20_000;
/** The door does not wait longer for a database that does not answer. */
const FIRST_MS = 1_500;

interface DrainWatchParts {
  readonly table: DrainTable;
  readonly log: Log;
  /** The table has been read. */
  heard(isDraining: boolean): void;
}

/** Reads again and again whether the control-plane wants this worker drained. A table that cannot be read changes nothing. */
export class DrainWatch {
  readonly #parts: DrainWatchParts;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | undefined = 'not read yet';
  #told: string | undefined;

  constructor(parts: DrainWatchParts) {
    this.#parts = parts;
  }

  /** Why it is not read; undefined when it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), EVERY_MS);
    await Promise.race([this.look(), pause(FIRST_MS, undefined, { ref: false })]);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Never rises. */
  async look(): Promise<void> {
    const { table, heard } = this.#parts;
    try {
      const isDraining = await table.isDraining();
      this.#note(isDraining === undefined ? 'worker_nodes has no row of this worker' : undefined);
      if (isDraining !== undefined) heard(isDraining);
    } catch (error) {
      this.#note(reasonOf(error));
    }
  }

  /** Each problem is told once: it may be meant so, and stay for ever. */
  #note(problem: string | undefined): void {
    const { log } = this.#parts;
    this.#problem = problem;
    if (problem === this.#told) return;
    this.#told = problem;
    if (problem === undefined) log.info({}, 'worker_nodes is read: the control-plane can drain this worker there');
    else log.warn({ problem }, 'worker_nodes is not read; this worker is drained by its own call only');
  }
}
