import { type Desktop, isInUse, isPooled } from './desktop.ts';

/**
 * - `serving`: students may come.
 * - `draining`: nobody new is taken; students at work, or desktops of pools, are still here.
 * - `drained`: none is left: the worker may be stopped without anybody noticing.
 */
export type DrainStatus = 'serving' | 'draining' | 'drained';

export function drainStatus(draining: boolean, desktops: readonly Desktop[]): DrainStatus {
  if (!draining) return 'serving';
  return desktops.some((desktop) => isInUse(desktop) || isPooled(desktop)) ? 'draining' : 'drained';
}
