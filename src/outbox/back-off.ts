const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * Milliseconds until the next try after so many failures in a row. Half of it is chance: the workers that a database lost
 * at one moment do not come back at one moment.
 * @param random from 0 up to, not with, 1
 */
export function pauseAfter(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(full / 2 + (full / 2) * random);
}
