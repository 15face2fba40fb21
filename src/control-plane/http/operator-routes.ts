import { Router } from 'express';
import { z } from 'zod';
import type { DispatchStore, ExamStore } from '../ports.ts';
import { type PrewarmPorts, prewarm } from '../prewarm.ts';
import { isHealthy } from '../worker-node.ts';
import { warmOf } from '../worker-view.ts';
import { idOf, notFound, readBody, refuse } from './answers.ts';
import { type CallerPorts, onlyFor } from './callers.ts';

const prewarmBody = z.strictObject({ count: z.number().int().min(0).max(1000) });

export interface OperatorPorts extends PrewarmPorts, CallerPorts {
  readonly exams: ExamStore;
  readonly dispatches: DispatchStore;
  readonly clock: PrewarmPorts['clock'];
}

/** What an operator does to an exam before and while it runs. */
export function operatorRoutes(ports: OperatorPorts): Router {
  const router = Router();

  router.post('/exams/:id/prewarm', onlyFor(ports, 'ADMIN'), async (request, response) => {
    const examId = idOf(request.params.id);
    const exam = examId ? await ports.exams.byId(examId) : undefined;
    if (!exam) return notFound(response, 'exam');
    const body = readBody(response, prewarmBody, request.body);
    if (!body) return;
    const outcome = await prewarm(ports, exam, body.count);
    if (outcome.distributed.length === 0) {
      const message = 'No worker can take desktops now: none is healthy, enabled, ready and has a free slot.';
      return refuse(response, 409, { error: 'no_free_worker', message, ...outcome });
    }
    response.json(outcome);
  });

  router.get('/exams/:id/capacity', onlyFor(ports, 'ADMIN', 'PROCTOR'), async (request, response) => {
    const examId = idOf(request.params.id);
    if (!examId || !(await ports.exams.byId(examId))) return notFound(response, 'exam');
    const clocked = { now: ports.clock(), heartbeatTtlSec: ports.settings.heartbeatTtlSec };
    const healthy = (await ports.workers.all()).filter((worker) => isHealthy(worker, clocked));
    const poolAvailable = healthy.reduce((sum, worker) => sum + warmOf(worker.metadata, examId), 0);
    response.json({ examId, poolAvailable, activeSessions: await ports.dispatches.activeOf(examId) });
  });

  return router;
}
