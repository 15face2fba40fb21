import { Router } from 'express';
import type { DispatchStore, Log, WorkerStore } from '../ports.ts';
import { tunnelUrl } from '../tunnel-url.ts';
import type { WorkerMetadata } from '../worker-node.ts';
import { idOf, notFound } from './answers.ts';
import { type CallerPorts, callerOf, onlyFor } from './callers.ts';

export interface WatchRoutePorts extends CallerPorts {
  readonly dispatches: Pick<DispatchStore, 'find'>;
  readonly workers: Pick<WorkerStore, 'byCode'>;
  readonly log: Log;
}

/**
 * A pass for one look at a student's screen. A worker knows the secret of logins and nothing of users: who is no proctor any
 * more would come in by his login until it is over. So that one opens no tunnel, and this one is made here, where it is asked.
 */
export function watchRoute(ports: WatchRoutePorts): Router {
  const router = Router();
  router.post('/vdi/sessions/:examId/:userId/watch', onlyFor(ports, 'ADMIN', 'PROCTOR'), async (request, response) => {
    const examId = idOf(request.params.examId);
    const userId = idOf(request.params.userId);
    const dispatch = examId && userId ? await ports.dispatches.find({ examId, userId }) : undefined;
    const worker = dispatch && (await ports.workers.byCode(dispatch.workerCode));
    if (!worker || dispatch.state === 'allocating') return notFound(response, 'session');
    const caller = callerOf(response);
    const now = ports.clock().getTime();
    const { jwt, expiresAt } = await ports.loginTokens.issueWatchPass(
      caller,
      dispatch,
      new Date(now - aheadMs(worker)),
    );
    const { username = null } = (await ports.users.byId(dispatch.userId)) ?? {};
    ports.log.info({ by: caller.userId, examId, userId, worker: worker.code }, 'watch pass made');
    const url = tunnelUrl(worker.metadata, worker.apiBaseUrl, request);
    response.json({ jwt, expiresAt, tunnelUrl: url, username, examId, userId });
  });
  return router;
}

/** By how much our clock is ahead of the worker's, as it says: a minute is soon over by a clock that goes wrong. */
function aheadMs({ metadata }: { readonly metadata: WorkerMetadata }): number {
  const ahead = metadata.clockAheadMs;
  return typeof ahead === 'number' && Number.isFinite(ahead) && Math.abs(ahead) < 86_400_000 ? ahead : 0;
}
