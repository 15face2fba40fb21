import type { Affinity, Dispatch } from './dispatch.ts';
import { type Clocked, freeSlots, isHealthy, isSchedulable, type WorkerNode } from './worker-node.ts';

export interface Situation extends Clocked {
  readonly existing: Dispatch | undefined;
  readonly workers: readonly WorkerNode[];
  readonly affinity: Affinity | undefined;
  /** Workers that have failed this very join already. */
  readonly tried: readonly string[];
}

export type Placement =
  /** The student has a place: ask that worker again. */
  | { readonly kind: 'stay'; readonly dispatch: Dispatch }
  /** Reserve a slot there. `moved`: the student had a desktop on a worker that is gone. */
  | { readonly kind: 'seat'; readonly workerCode: string; readonly moved: boolean }
  /** Their desktop is on a living worker that does not answer just now. Another worker would mean losing their work. */
  | { readonly kind: 'wait'; readonly workerCode: string }
  | { readonly kind: 'full' };

/**
 * Where a student goes. The same student again goes to the same worker, even one that is draining or looks stale: it is
 * asked first, because the worst outcome is an empty desktop while their work stands on another one.
 */
export function place(situation: Situation): Placement {
  const { existing, tried } = situation;
  if (existing && !tried.includes(existing.workerCode)) return { kind: 'stay', dispatch: existing };

  const hadDesktop = existing !== undefined && existing.state !== 'allocating';
  if (hadDesktop) {
    const theirs = situation.workers.find((worker) => worker.code === existing.workerCode);
    // A disabled one that does not answer is given up by the admin's word.
    if (theirs?.isEnabled && isHealthy(theirs, situation)) return { kind: 'wait', workerCode: theirs.code };
  }

  const chosen = choose(situation);
  return chosen ? { kind: 'seat', workerCode: chosen.code, moved: hadDesktop } : { kind: 'full' };
}

/** The exam's own worker while it has room, else the one with the most free slots; equals go by code, so that it is repeatable. */
function choose(situation: Situation): WorkerNode | undefined {
  const { affinity, now, tried } = situation;
  const candidates = situation.workers
    .filter((worker) => isSchedulable(worker, situation) && !tried.includes(worker.code))
    .sort((a, b) => freeSlots(b) - freeSlots(a) || (a.code < b.code ? -1 : 1));
  const sticky =
    affinity && affinity.expiresAt > now ? candidates.find((worker) => worker.code === affinity.workerCode) : undefined;
  return sticky ?? candidates[0];
}
