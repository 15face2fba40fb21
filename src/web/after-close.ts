/** Status codes of the Guacamole protocol that this page tells apart. */
export const STATUS = {
  success: 0x0000,
  serverBusy: 0x0201,
  resourceNotFound: 0x0204,
  resourceConflict: 0x0205,
  sessionConflict: 0x0209,
  sessionClosed: 0x020b,
  badRequest: 0x0300,
  unauthorized: 0x0301,
  forbidden: 0x0303,
} as const;

export type Trouble = 'taken' | 'elsewhere' | 'sessionOver' | 'refused';

export type Next =
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'stop'; readonly trouble: Trouble };

const REFUSALS: readonly number[] = [STATUS.resourceNotFound, STATUS.badRequest, STATUS.unauthorized, STATUS.forbidden];

/**
 * What to do when the tunnel has closed. `failures`: closes in a row without having seen the desktop. Coming back is the
 * rule, since the desktop runs on; only what another try cannot mend is told to the student.
 */
export function afterClose(code: number, failures: number): Next {
  if (code === STATUS.sessionConflict) return { kind: 'stop', trouble: 'taken' };
  if (code === STATUS.resourceConflict) return { kind: 'stop', trouble: 'elsewhere' };
  if (code === STATUS.sessionClosed) return { kind: 'stop', trouble: 'sessionOver' };
  // A fresh join gives a fresh token; refused with that too, it is no matter of time.
  if (REFUSALS.includes(code) && failures >= 2) return { kind: 'stop', trouble: 'refused' };
  return { kind: 'again', afterMs: backOff(failures) };
}

/** At once, then 1, 2, 4, 8 s and so on up to 10 s: a whole room comes back at once when a switch was restarted. */
export function backOff(failures: number): number {
  return failures === 0 ? 200 : Math.min(10_000, 500 * 2 ** failures);
}
