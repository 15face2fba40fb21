import { randomUUID } from 'node:crypto';

/** Nobody waits less than this, whatever he says: an answer takes its time. */
const LEAST_MS = 100;

/**
 * How long a caller waits, by his x-deadline-ms.
 * @param most what is taken where he says nothing, and the longest that is waited for anybody. Milliseconds
 * @returns undefined: that is no time
 */
export function deadlineMs(header: string | undefined, most: number): number | undefined {
  if (header === undefined) return most;
  if (!/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(most, Math.max(LEAST_MS, Number(header)));
}

/** The caller's own x-request-id where it is fit for a log, else a new one. */
export function requestIdOf(header: string | undefined): string {
  return /^[\w.:/+=@-]{1,128}$/.exec(header ?? '')?.[0] ?? randomUUID();
}
