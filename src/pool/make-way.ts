import { everyDesktop, type PoolParts } from './parts.ts';
import { removeFromPool } from './remove.ts';

/**
 * Another exam's idle desktop gives its slot to a student who would find none: the control-plane counts desktops in use, so
 * it has sent him to a slot that it holds for free, and he is here, where theirs may never come. Promised ones stay.
 * @returns whether one did
 */
export async function makeWayFor(parts: PoolParts, examId: number): Promise<boolean> {
  const { roster, promises, settings, clock } = parts;
  // Only a slot is to be had so: what a desktop leaves of a host's memory is not seen at once.
  if (everyDesktop(parts).length < settings.maxDesktops) return false;
  const others = new Set(roster.all().map(({ labels }) => labels.examId));
  others.delete(examId);
  for (const other of others) {
    const free = roster.free(other, () => true);
    for (const spare of free.slice(promises.count(other, clock())).reverse())
      if (await removeFromPool(parts, spare.containerId, 'surplus')) return true;
  }
  return false;
}
