import type { Seat } from './dispatch.ts';
import type { Clock, DispatchStore, Log, WorkerAnswer, WorkerCalls, WorkerStore } from './ports.ts';
import type { WorkerNode } from './worker-node.ts';

export interface FinishPorts {
  readonly workers: WorkerStore;
  readonly dispatches: DispatchStore;
  readonly calls: WorkerCalls;
  readonly clock: Clock;
  readonly log: Log;
}

export type FinishOutcome = 'released' | 'nothing_there' | 'release_pending';

/**
 * The student hands in. That never waits for a worker in trouble: the dispatch is marked first and reconcile releases
 * it when the worker answers again.
 */
export async function finish(ports: FinishPorts, seat: Seat): Promise<FinishOutcome> {
  const dispatch = await ports.dispatches.markReleasing(seat);
  if (!dispatch) return 'nothing_there';
  const worker = await ports.workers.byCode(dispatch.workerCode);
  if (worker) {
    const answer = await releaseAt(ports, worker, seat);
    if (!answer.ok) {
      ports.log.warn({ worker: worker.code, ...seat, detail: answer.detail }, 'release failed, reconcile tries again');
      return 'release_pending';
    }
  }
  await ports.dispatches.drop(dispatch);
  return 'released';
}

/** Ends the session on its worker, whose slot counts as free at once. */
export async function releaseAt(
  { calls, workers, clock }: FinishPorts,
  worker: WorkerNode,
  seat: Seat,
): Promise<WorkerAnswer<object>> {
  const asked = clock();
  const answer = await calls.release(worker, seat);
  if (answer.ok) await workers.sessionEnded(worker.code, seat, asked);
  return answer;
}
