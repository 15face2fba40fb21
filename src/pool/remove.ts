import type { Desktop } from '../desktop/desktop.ts';
import type { RemoveReason } from '../desktop/plan.ts';
import type { EndReason } from './ledger.ts';
import { bestEffort, type PoolParts } from './parts.ts';

/** Removes a pool desktop, or takes one that is still to be made out of the line. */
export async function removeFromPool(parts: PoolParts, containerId: string, why: RemoveReason): Promise<boolean> {
  const { roster, engine, holder, history, mirror, log } = parts;
  if (parts.maker.cancel(containerId)) return true;
  // Taken out of reach of a claim and looked at again in one turn of the event loop, so no student can get it in between.
  const desktop = roster.speakForPooled(containerId);
  if (!desktop) return false;
  try {
    holder.drop(containerId);
    history.leaving(desktop, why, desktop.reason);
    // By its name in the pool: one that became a student's unknown to us is not found, and stays. It is looked for.
    if (!(await engine.remove(desktop.name))) {
      roster.lose(containerId);
      parts.nudge();
      return false;
    }
    roster.delete(containerId);
    history.gone(containerId);
  } finally {
    roster.forget(containerId);
  }
  await bestEffort(log, 'pool', mirror.poolLeft(desktop.labels.examId, desktop.name));
  log.info({ desktop: desktop.name, why, reason: desktop.reason }, 'pool desktop removed');
  return true;
}

/**
 * Removes a student's desktop; his files stay, for a carrier has them. Callers hold the student's turn.
 * @throws EngineDown: the desktop may still be there, and is looked for before anything is made in its place
 */
export async function removeFromSeat(
  parts: PoolParts,
  desktop: Desktop,
  why: EndReason,
  reason?: string,
): Promise<void> {
  const { engine, roster, history, restartedAt } = parts;
  history.leaving(desktop, why, reason);
  try {
    await engine.remove(desktop.containerId);
  } catch (error) {
    roster.lose(desktop.containerId);
    throw error;
  }
  roster.delete(desktop.containerId);
  history.gone(desktop.containerId);
  restartedAt.delete(desktop.containerId);
}
