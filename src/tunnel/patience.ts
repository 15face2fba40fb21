/**
 * A login takes about 1.2 s; one that hangs is better begun anew while the student waits. On a busy host it takes longer than
 * this, and begun anew each time it would never be done: after each that was not, the next has twice the time.
 */
export const ATTACH_MS = 6_000;
const LONGEST_ATTACH_MS = 24_000;

/** How long each desktop's next login may take. */
export class Patience {
  readonly #ms = new Map<string, number>();

  /** A login begins. @returns milliseconds that it has, `leastMs` or more */
  begin(containerId: string, leastMs: number): number {
    const ms = Math.max(leastMs, this.#ms.get(containerId) ?? 0);
    this.#ms.set(containerId, Math.max(ms, Math.min(LONGEST_ATTACH_MS, 2 * ms)));
    return ms;
  }

  /** It was done, or its desktop is gone. */
  forget(containerId: string): void {
    this.#ms.delete(containerId);
  }
}
