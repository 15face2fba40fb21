import { type Desktop, isDistrusted, seatOf } from '../desktop/desktop.ts';
import type { Seat } from '../desktop/names.ts';
import { isServing } from '../desktop/rolling.ts';
import type { Carrier } from '../desktop/workspace.ts';
import { adoptDoubted } from './adopt.ts';
import type { Refusal } from './allocate.ts';
import { imageForNew, type PoolParts, saveSession } from './parts.ts';
import { EngineDown } from './ports.ts';
import { removeFromPool, removeFromSeat } from './remove.ts';
import { restart } from './restart.ts';
import { lookForRoom } from './room.ts';

/** One that falls again so soon after it was started cannot be brought back by starting it. */
const SOON_MS = 180_000;

/**
 * Brings a student's desktop back that has stopped or failed: started again, or, where that does not help, a new one
 * in its place with the same files. Callers hold the student's turn.
 */
export async function revive(parts: PoolParts, own: Desktop): Promise<Desktop | Refusal> {
  const { workspaces, restartedAt, clock, log } = parts;
  const seat = seatOf(own);
  const last = restartedAt.get(own.containerId);
  const session = await workspaces.sessionOf(own);
  const startsHelp = (last === undefined || Math.abs(clock() - last) > SOON_MS) && !isDistrusted(own);
  // Without its files elsewhere it is never given up: they are on it.
  if (!seat || !session || startsHelp) {
    try {
      await restart(parts, own);
      return own;
    } catch (error) {
      if (error instanceof EngineDown || !seat || !session) throw error;
      log.warn({ desktop: own.name, error: String(error) }, 'a student’s desktop cannot be started again');
    }
  }
  if (parts.warmer.pauseMs(seat.examId, 'student') > 0) return 'desktops-failing';
  const imageId = await imageForNew(parts);
  const carrier = await workspaces.carry(session);
  if (!carrier) return 'desktop-restarting';
  parts.holder.drop(own.containerId);
  await removeFromSeat(parts, own, 'replaced', own.reason);
  // At once, before anybody else takes the slot that has become free: it is his.
  return remake(parts, seat, imageId, carrier);
}

/**
 * A new desktop for a student whose old one is gone, with his files and under the same name. Callers hold the student's
 * turn, so that a release waits until it is there.
 */
export async function restore(parts: PoolParts, seat: Seat, carrier: Carrier): Promise<Desktop | Refusal> {
  const { roster, maker, warmer, workspaces, drain } = parts;
  if (drain.isDraining && carrier.keptSince !== undefined) return 'draining';
  await adoptDoubted(parts);
  const there = roster.atSeat(seat);
  if (there) return there;
  if (warmer.pauseMs(seat.examId, 'student') > 0) return 'desktops-failing';
  const imageId = await imageForNew(parts);
  const room = await lookForRoom(parts);
  if (room().count === 0 && !(maker.giveWay() && room().count > 0)) await makeWay(parts);
  const taken = await workspaces.take(seat, carrier);
  if (room().count === 0) return 'host-full';
  return remake(parts, seat, imageId, taken);
}

async function remake(parts: PoolParts, seat: Seat, imageId: string, carrier: Carrier): Promise<Desktop | Refusal> {
  const { roster, maker, log } = parts;
  log.warn({ ...seat, workspace: carrier.name }, 'a new desktop for a student, with the files of his earlier one');
  await maker.makeFor(seat, imageId, carrier.volume);
  const made = roster.atSeat(seat);
  if (!made) return 'desktop-restarting';
  await saveSession(parts, seat, 'cold');
  return made;
}

/** A student who has files here goes before one who is still to come. */
async function makeWay(parts: PoolParts): Promise<void> {
  const free = parts.roster.all().find(isServing);
  if (free) await removeFromPool(parts, free.containerId, 'surplus');
}
