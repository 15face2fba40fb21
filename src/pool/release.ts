import { type Seat, seatName } from '../desktop/names.ts';
import { expire } from './keep.ts';
import { bestEffort, type PoolParts } from './parts.ts';
import { removeFromSeat } from './remove.ts';

/**
 * Ends a student's session: tunnels closed, desktop gone. What is not there is released already.
 * @returns whether there was a desktop
 * @throws EngineDown when the engine does not answer; the desktop may still be there and release may be tried again
 */
export async function release(parts: PoolParts, seat: Seat): Promise<boolean> {
  return parts.turns.with(seatName(seat), async () => {
    parts.promises.end(seat);
    const desktop = parts.roster.atSeat(seat) ?? (await lookAgain(parts, seat));
    if (desktop) {
      parts.holder.drop(desktop.containerId);
      // From here on his files stay, whatever becomes of the desktop.
      const kept = await parts.workspaces.keep(desktop);
      try {
        await removeFromSeat(parts, desktop, 'released');
      } finally {
        if (kept) parts.workspaces.forget(kept.volume);
      }
      if (kept && parts.settings.workspaceKeepMs === 0) await expire(parts, kept);
      parts.log.info({ ...seat }, 'desktop released');
    } else await endWithout(parts, seat);
    await bestEffort(parts.log, 'session', parts.mirror.removeSession(seat));
    // Those whom he was before, and the slot that is free now.
    parts.warmer.changed();
    parts.nudge();
    return desktop !== undefined;
  });
}

/** His desktop was gone and its session was not: it would come back for nobody. */
async function endWithout(parts: PoolParts, seat: Seat): Promise<void> {
  const { workspaces, settings } = parts;
  for (const [volume, session] of workspaces.seated)
    if (seatName(session.seat) === seatName(seat)) workspaces.forget(volume);
  const carrier = workspaces.of(seat);
  if (!carrier) return;
  const kept = carrier.keptSince === undefined ? await workspaces.keepCarried(carrier, seat) : carrier;
  if (settings.workspaceKeepMs === 0) await expire(parts, kept);
}

// The roster is a cache: before saying that nothing is there, ask the engine, or a desktop could stay on for nobody.
async function lookAgain(parts: PoolParts, seat: Seat) {
  const name = seatName(seat);
  const container = (await parts.engine.list()).find((listed) => listed.name === name);
  return container ? parts.roster.put(container) : undefined;
}
