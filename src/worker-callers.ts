import type { Logger } from 'pino';
import type { WorkerSettings } from './config.ts';
import { ownServices } from './host/own-services.ts';
import { ClusterGate } from './http/cluster-gate.ts';
import { ClusterTally } from './http/cluster-tally.ts';
import type { Metrics } from './http/metrics.ts';

/** Milliseconds since this process began; never jumps. */
const uptime = (): number => performance.now();

/** The door of the cluster calls: who may come in, and what is counted there. */
export function openCallers(settings: WorkerSettings, metrics: Metrics, log: Logger) {
  const { clusterTokens: tokens, callers, code: worker, tunnel } = settings;
  const { allowed, requireSigned } = callers;
  if (tokens.length > 1) log.info('WORKER_CLUSTER_TOKEN_PREVIOUS is set: callers with either token are let in');
  const isOwnService = ownServices(callers.ownServices, uptime);
  return {
    gate: new ClusterGate({ worker, tokens, allowed, requireSigned }, { now: Date.now, uptime, isOwnService }),
    tally: new ClusterTally(metrics, Date.now),
    trustedProxies: tunnel.trustedProxies,
    uptime,
  };
}
