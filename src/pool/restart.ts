import type { Desktop } from '../desktop/desktop.ts';
import type { PoolParts } from './parts.ts';

/**
 * Starts a student's desktop again: all of his files and its address stay. Callers hold the student's turn.
 */
export async function restart(parts: PoolParts, desktop: Desktop): Promise<void> {
  const { engine, holder, roster, warmer, history, restartedAt, clock, log } = parts;
  const { containerId, name } = desktop;
  log.warn({ desktop: name }, 'a student’s desktop had stopped; starting it again');
  holder.drop(containerId);
  restartedAt.set(containerId, clock());
  await engine.restart(containerId);
  history.restarted(desktop);
  roster.setState(containerId, 'starting');
  void warmer.bringUp(containerId);
}
