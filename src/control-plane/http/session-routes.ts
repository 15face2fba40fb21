import { Router } from 'express';
import type { DispatchStore, WorkerStore } from '../ports.ts';
import { tunnelUrl } from '../tunnel-url.ts';
import { type CallerPorts, onlyFor } from './callers.ts';

const MOST_SESSIONS = 2000;

export interface SessionRoutePorts extends CallerPorts {
  readonly dispatches: DispatchStore;
  readonly workers: WorkerStore;
}

/** Who sits where now, and where a proctor's browser finds that worker to look on. */
export function sessionRoutes(ports: SessionRoutePorts): Router {
  const router = Router();
  router.get('/vdi/sessions', onlyFor(ports, 'ADMIN', 'PROCTOR'), async (request, response) => {
    const [sessions, workers] = await Promise.all([ports.dispatches.running(MOST_SESSIONS), ports.workers.all()]);
    const byCode = new Map(workers.map((worker) => [worker.code, worker]));
    response.json(
      sessions.flatMap(({ examId, userId, username, workerCode, createdAt }) => {
        const worker = byCode.get(workerCode);
        if (!worker) return [];
        const url = tunnelUrl(worker.metadata, worker.apiBaseUrl, request);
        return [{ examId, userId, username, workerCode, since: createdAt, tunnelUrl: url }];
      }),
    );
  });
  return router;
}
