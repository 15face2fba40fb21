/**
 * A login takes about 1.2 s. Some hang, most of all those that come right after another one of the same desktop has broken,
 * and are best begun anew while the student waits. On a busy host a login takes longer than this, and begun anew each time it
 * would never be done: after each that ran out of time, the next has twice as much.
 */
export const ATTACH_MS = 3_000;
const LONGEST_ATTACH_MS = 24_000;

/** How long each desktop's next login may take. */
export class Patience {
  readonly #ms = new Map<string, number>();

  /** @returns milliseconds that the next login has, `leastMs` or more */
  of(containerId: string, leastMs: number): number {
    return Math.max(leastMs, this.#ms.get(containerId) ?? 0);
  }

  /** A login was not done in this time; one that was refused, or found nobody there, says nothing about time. */
  ranOut(containerId: string, ms: number): void {
    this.#ms.set(containerId, Math.max(ms, Math.min(LONGEST_ATTACH_MS, 2 * ms)));
  }

  /** It was done, or its desktop is gone. */
  forget(containerId: string): void {
    this.#ms.delete(containerId);
  }
}
