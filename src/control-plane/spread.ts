import { type Clocked, freeSlots, isSchedulable, type WorkerNode } from './worker-node.ts';

export interface Share {
  readonly worker: WorkerNode;
  readonly count: number;
}

/**
 * Spreads warm desktops over the workers that could seat a student, one at a time to whoever has most room left.
 * Never more than the free slots: a desktop that no student can be sent to only takes memory.
 */
export function spread(workers: readonly WorkerNode[], count: number, clocked: Clocked): Share[] {
  const open = workers
    .filter((worker) => isSchedulable(worker, clocked))
    .sort((a, b) => (a.code < b.code ? -1 : 1))
    .map((worker) => ({ worker, room: freeSlots(worker), count: 0 }));

  for (let left = count; left > 0; left--) {
    const roomiest = open.reduce((best, next) => (next.room > best.room ? next : best), { room: 0, count: 0 });
    if (roomiest.room === 0) break;
    roomiest.room--;
    roomiest.count++;
  }
  return open.filter((share) => share.count > 0).map(({ worker, count }) => ({ worker, count }));
}
