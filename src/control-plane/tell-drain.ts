import type { Log, WorkerCalls } from './ports.ts';
import type { WorkerNode } from './worker-node.ts';

/**
 * Tells a worker that it drains, or serves again, so that it empties its pools too. It is taken at its row whether or not it
 * heard: nobody is sent to a worker that drains. Never rises.
 */
export async function tellDrain(
  { calls, log }: { readonly calls: Pick<WorkerCalls, 'drain'>; readonly log: Log },
  worker: WorkerNode,
): Promise<void> {
  const answer = await calls.drain(worker, worker.isDraining);
  if (answer.ok) return;
  const { why, detail } = answer;
  log.warn({ worker: worker.code, draining: worker.isDraining, why, detail }, 'the worker was not told to drain');
}
