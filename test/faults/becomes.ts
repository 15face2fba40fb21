import { setTimeout as pause } from 'node:timers/promises';

const AGAIN_MS = 100;

/** Looks until what must be so is so. @returns true, or in words what was still wrong when the time was over */
export async function becomes(look: () => Promise<true | string>, ms: number): Promise<true | string> {
  const end = performance.now() + ms;
  for (;;) {
    const seen = await look().catch((error: unknown) => String(error instanceof Error ? error.message : error));
    if (seen === true || performance.now() > end) return seen;
    await pause(AGAIN_MS);
  }
}
