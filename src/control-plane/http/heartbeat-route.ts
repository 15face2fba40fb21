import { Router } from 'express';
import { z } from 'zod';
import { whichSecret } from '../../callers/same-secret.ts';
import type { Clock, Log, WorkerCalls, WorkerStore } from '../ports.ts';
import { tellDrain } from '../tell-drain.ts';
import { datedMetadata } from '../told-sessions.ts';
import { slotsOf } from '../worker-node.ts';
import { readBody, refuse } from './answers.ts';

const size = z.number().min(0).max(1e9);
const beatBody = z.object({
  code: z.string().trim().min(1).max(100),
  name: z.string().trim().min(1).max(200),
  apiBaseUrl: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' }),
  totalCpuCores: size,
  totalMemoryMb: size,
  reservedCpuCores: size,
  reservedMemoryMb: size,
  vmCpuCores: size,
  vmMemoryMb: size,
  activeSessions: size.int(),
  metadata: z.record(z.string(), z.unknown()).default({}),
});

export interface HeartbeatPorts {
  readonly workers: WorkerStore;
  readonly calls: WorkerCalls;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: { readonly clusterTokens: readonly string[] };
}

/** Contract section 2, the receiving end. */
export function heartbeatRoute({ workers, calls, clock, log, settings }: HeartbeatPorts): Router {
  const router = Router();
  router.post('/vdi/workers/heartbeat', async (request, response) => {
    if (whichSecret(request.get('x-worker-token') ?? '', settings.clusterTokens) === undefined) {
      log.warn(
        { from: request.ip },
        'heartbeat with a wrong token: WORKER_CLUSTER_TOKEN must be the same on both sides',
      );
      return refuse(response, 401, { error: 'wrong_token', message: 'x-worker-token is missing or wrong.' });
    }
    const beat = readBody(response, beatBody, request.body);
    if (!beat) return;
    const at = clock();
    const known = await workers.byCode(beat.code);
    const metadata = datedMetadata(beat.metadata, known?.metadata, at);
    const worker = await workers.beat({ ...beat, metadata }, slotsOf(beat), at);
    if (!known)
      log.info({ worker: worker.code, slots: worker.maxSessions, url: worker.apiBaseUrl }, 'worker registered');
    // It was told when an admin said so; the call may have been lost, or its memory of it.
    if (worker.isDraining && worker.metadata.drainStatus === 'serving') void tellDrain({ calls, log }, worker);
    const { code, maxSessions, activeSessions, isDraining, isEnabled } = worker;
    const availableSessions = Math.max(0, maxSessions - activeSessions);
    response.json({ code, maxSessions, activeSessions, availableSessions, isDraining, isEnabled, serverTime: at });
  });
  return router;
}
