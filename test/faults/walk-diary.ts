import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SHOWN = 40;

/** What a walk did and what came of it, in order. */
export class WalkDiary {
  readonly #began = performance.now();
  readonly #lines: string[] = [];
  readonly #counts = new Map<string, number>();

  note(line: string): void {
    this.#lines.push(`${((performance.now() - this.#began) / 1000).toFixed(2).padStart(7)} ${line}`);
  }

  count(what: string): void {
    this.#counts.set(what, this.times(what) + 1);
  }

  times(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  counted(): string {
    return [...this.#counts].map(([what, times]) => `${what} ${times}`).join(', ');
  }

  last(): string {
    return this.#lines.slice(-SHOWN).join('\n');
  }

  /** @returns where all of it, and the worker's log, can be read */
  async keep(seed: number, log: string): Promise<string> {
    const path = join(tmpdir(), `vdi-walk-${seed}.log`);
    await writeFile(path, `${this.#lines.join('\n')}\n\nthe worker's log:\n${log}`);
    return path;
  }
}
