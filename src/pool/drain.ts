import type { PoolParts } from './parts.ts';
import { keep } from './recall.ts';

/**
 * Takes no student any more who has no desktop here yet, and empties the pools; who is at work goes on. Kept with what was
 * asked for, so that a restart does not open the worker again. Ending it fills the pools to their levels.
 */
export async function drain(parts: PoolParts, draining: boolean): Promise<void> {
  parts.asked.drain(draining);
  parts.log.info({ draining }, draining ? 'draining: no new sessions, pools go' : 'serving again');
  parts.warmer.changed();
  parts.nudge();
  await keep(parts);
}
