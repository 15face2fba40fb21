import { Router } from 'express';
import { type FinishPorts, finish, releaseAt } from '../finish.ts';
import { MOST_SESSIONS, sessionViews } from '../session-view.ts';
import { idOf, notFound, refuse } from './answers.ts';
import { type CallerPorts, callerOf, onlyFor } from './callers.ts';

const MESSAGES = {
  released: 'released',
  release_pending: 'The worker does not answer. It is released when it does.',
  nothing_there: 'There is no such session any more.',
} as const;

export interface SessionRoutePorts extends CallerPorts, FinishPorts {
  readonly settings: { readonly heartbeatTtlSec: number };
}

/** Who sits where now, where a proctor's browser finds that worker to look on, and an admin's word that it is over. */
export function sessionRoutes(ports: SessionRoutePorts): Router {
  const router = Router();

  router.get('/vdi/sessions', onlyFor(ports, 'ADMIN', 'PROCTOR'), async (request, response) => {
    const [sessions, workers] = await Promise.all([ports.dispatches.running(MOST_SESSIONS), ports.workers.all()]);
    const clocked = { now: ports.clock(), heartbeatTtlSec: ports.settings.heartbeatTtlSec };
    response.json(sessionViews(sessions, workers, request, clocked));
  });

  router.delete('/vdi/sessions/:examId/:userId', onlyFor(ports, 'ADMIN'), async (request, response) => {
    const examId = idOf(request.params.examId);
    const userId = idOf(request.params.userId);
    if (!examId || !userId) return notFound(response, 'session');
    const seat = { examId, userId };
    const said = request.query.worker;
    const dispatch = await ports.dispatches.find(seat);
    const isStray = typeof said === 'string' && said !== dispatch?.workerCode;
    if (!isStray) {
      const outcome = await finish(ports, seat);
      ports.log.info({ by: callerOf(response).userId, ...seat, outcome }, 'session released by an admin');
      response.json({ message: MESSAGES[outcome], outcome });
      return;
    }
    const worker = await ports.workers.byCode(said);
    if (!worker) return notFound(response, 'worker');
    const answer = await releaseAt(ports, worker, seat);
    if (!answer.ok) {
      response.set('Retry-After', '3');
      const message = 'The worker does not answer. Try again when it does.';
      return refuse(response, 503, { error: 'worker_not_answering', message });
    }
    ports.log.info({ by: callerOf(response).userId, ...seat, worker: said }, 'stray session released by an admin');
    response.json({ message: 'released', outcome: 'released' });
  });

  return router;
}
