import type { Affinity, Dispatch } from './dispatch.ts';
import { isHealthy, type WorkerNode } from './worker-node.ts';

/** What a worker itself says of its sessions; `silent` when it could not be asked or has no such call. */
export type Observation =
  | { readonly kind: 'answered'; readonly seats: ReadonlySet<string>; readonly activeSessions: number }
  | { readonly kind: 'silent' };

export interface Picture {
  readonly dispatches: readonly Dispatch[];
  readonly workers: readonly WorkerNode[];
  readonly observed: ReadonlyMap<string, Observation>;
  readonly affinities: readonly Affinity[];
  readonly now: Date;
  readonly heartbeatTtlSec: number;
  readonly staleAfterSec: number;
  /** A reservation that nobody has turned into a desktop for so long belongs to a join that died. */
  readonly reservationTtlSec: number;
}

export type ReconcileStep =
  | { readonly kind: 'drop'; readonly dispatch: Dispatch; readonly why: 'malformed' | 'stale' }
  | { readonly kind: 'release'; readonly dispatch: Dispatch; readonly why: 'handed_in' | 'join_died' }
  | { readonly kind: 'fixCounter'; readonly workerCode: string; readonly activeSessions: number }
  | { readonly kind: 'dropAffinity'; readonly examId: number };

export function seatKey(seat: { readonly userId: number; readonly examId: number }): string {
  return `${seat.examId}:${seat.userId}`;
}

/** Which rows no longer say the truth. Dropping one too many costs a student their desktop, so every doubt keeps it. */
export function reconcilePlan(picture: Picture): ReconcileStep[] {
  return [
    ...picture.dispatches.flatMap((dispatch) => judge(dispatch, picture)),
    ...picture.workers.flatMap((worker) => counter(worker, picture)),
    ...picture.affinities.flatMap((affinity) => stickiness(affinity, picture)),
  ];
}

function judge(dispatch: Dispatch, picture: Picture): ReconcileStep[] {
  const worker = picture.workers.find(({ code }) => code === dispatch.workerCode);
  const age = (picture.now.getTime() - dispatch.lastJoinedAt.getTime()) / 1000;

  if (!worker) return [{ kind: 'drop', dispatch, why: 'malformed' }];
  const isGone = !isHealthy(worker, picture);
  if (dispatch.state === 'allocating') {
    if (age <= picture.reservationTtlSec) return [];
    // The worker may have made a desktop for it, of which nobody knows. The one where he sat before may hold his work.
    const isHis = dispatch.workerCode === dispatch.movedFrom;
    return isGone || isHis
      ? [{ kind: 'drop', dispatch, why: 'malformed' }]
      : [{ kind: 'release', dispatch, why: 'join_died' }];
  }
  if (dispatch.state === 'releasing') {
    // Of a worker that never came back nothing can be released, and its student could never be removed.
    const isOver = isGone && age > picture.staleAfterSec;
    return [isOver ? { kind: 'drop', dispatch, why: 'stale' } : { kind: 'release', dispatch, why: 'handed_in' }];
  }
  if (dispatch.ip === null || dispatch.containerId === null) return [{ kind: 'drop', dispatch, why: 'malformed' }];
  if (age <= picture.staleAfterSec) return [];

  const observation = picture.observed.get(worker.code) ?? { kind: 'silent' };
  if (observation.kind === 'answered') {
    return observation.seats.has(seatKey(dispatch)) ? [] : [{ kind: 'drop', dispatch, why: 'stale' }];
  }
  // A worker that beats and says that it has sessions, but not whose, may well have this one.
  const mayHaveIt = isHealthy(worker, picture) && worker.activeSessions > 0;
  return mayHaveIt ? [] : [{ kind: 'drop', dispatch, why: 'stale' }];
}

function counter(worker: WorkerNode, { observed }: Picture): ReconcileStep[] {
  const observation = observed.get(worker.code);
  if (observation?.kind !== 'answered' || observation.activeSessions === worker.activeSessions) return [];
  return [{ kind: 'fixCounter', workerCode: worker.code, activeSessions: observation.activeSessions }];
}

function stickiness(affinity: Affinity, picture: Picture): ReconcileStep[] {
  const worker = picture.workers.find(({ code }) => code === affinity.workerCode);
  const useful = worker?.isEnabled && isHealthy(worker, picture) && affinity.expiresAt > picture.now;
  return useful ? [] : [{ kind: 'dropAffinity', examId: affinity.examId }];
}
