import { Router } from 'express';
import { z } from 'zod';
import { type ReconcilePorts, reconcile } from '../reconcile.ts';
import { tellDrain } from '../tell-drain.ts';
import { saysDrain } from '../worker-node.ts';
import { summaryOf, workerView } from '../worker-view.ts';
import { defined, notFound, readBody, refuse } from './answers.ts';
import { type CallerPorts, callerOf, onlyFor } from './callers.ts';

const change = z
  .strictObject({
    isDraining: z.boolean().optional(),
    isEnabled: z.boolean().optional(),
    force: z.boolean().optional(),
  })
  .refine(({ isDraining, isEnabled }) => isDraining !== undefined || isEnabled !== undefined, {
    error: 'say isDraining or isEnabled',
    path: ['isDraining'],
  });

export type WorkerRoutePorts = ReconcilePorts & CallerPorts;

export function workerRoutes(ports: WorkerRoutePorts): Router {
  const staff = onlyFor(ports, 'ADMIN', 'PROCTOR');
  const admin = onlyFor(ports, 'ADMIN');
  const clocked = () => ({ now: ports.clock(), heartbeatTtlSec: ports.settings.heartbeatTtlSec });
  const router = Router();

  router.get('/vdi/workers', staff, async (_request, response) => {
    const now = clocked();
    response.json((await ports.workers.all()).map((worker) => workerView(worker, now)));
  });

  router.get('/vdi/workers/summary', staff, async (_request, response) => {
    response.json(summaryOf(await ports.workers.all(), clocked()));
  });

  router.post('/vdi/workers/reconcile', admin, async (_request, response) => {
    response.json(await reconcile(ports, callerOf(response).username));
  });

  router.get('/vdi/workers/reconcile', staff, async (_request, response) => {
    response.json((await ports.runs.last()) ?? null);
  });

  router.patch('/vdi/workers/:code', admin, async (request, response) => {
    const code = String(request.params.code);
    const body = readBody(response, change, request.body);
    if (!body) return;
    const worker = await ports.workers.byCode(code);
    if (!worker) return notFound(response, 'worker');
    const { force, ...asked } = body;
    const unless = asked.isEnabled === false && force !== true ? 'occupied' : undefined;
    const changed = await ports.workers.change(code, defined(asked), unless);
    if (!changed) return notFound(response, 'worker');
    if ('occupiedBy' in changed) {
      const { occupiedBy: activeSessions } = changed;
      const message = `${activeSessions} sessions run on this worker. Drain it first, or say force.`;
      return refuse(response, 409, { error: 'worker_has_sessions', message, activeSessions });
    }
    // Not waited for: its row counts from now on, and a worker that does not answer must not hold up the admin.
    const asIs = worker.isDraining || saysDrain(worker) !== undefined;
    if (body.isDraining !== undefined && body.isDraining !== asIs) void tellDrain(ports, changed);
    response.json(workerView(changed, clocked()));
  });

  return router;
}
