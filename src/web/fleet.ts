/** What the console's calls answer, as far as its page shows it. */
export interface Worker {
  readonly code: string;
  readonly name: string;
  readonly apiBaseUrl: string;
  readonly isEnabled: boolean;
  readonly isDraining: boolean;
  readonly isHealthy: boolean;
  readonly isSchedulable: boolean;
  readonly drainStatus: 'serving' | 'draining' | 'drained';
  readonly lastHeartbeatAt: string | null;
  readonly activeSessions: number;
  readonly maxSessions: number;
  readonly availableSessions: number;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Exam {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly accessCode: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly isActive: boolean;
}

export interface PoolLine {
  readonly examId: number;
  readonly warm: number;
  readonly creating: number;
  readonly inUse: number;
}

export type WorkerState = 'Healthy' | 'Stale' | 'Draining' | 'Drained' | 'Disabled' | 'NotReady';

/** One word for a worker; of several that hold, the one that an operator must know first. */
export function stateOf(worker: Worker): WorkerState {
  if (!worker.isHealthy) return 'Stale';
  if (!worker.isEnabled) return 'Disabled';
  if (worker.drainStatus === 'drained') return 'Drained';
  if (isDraining(worker)) return 'Draining';
  if (worker.metadata.ready === false) return 'NotReady';
  return 'Healthy';
}

/** By the control-plane's word, or by its own. */
export function isDraining(worker: Worker): boolean {
  return worker.isDraining || worker.drainStatus !== 'serving';
}

/** Pools as the worker's heartbeat tells them. Metadata is any object: what does not fit is left out. */
export function poolsOf(worker: Worker): PoolLine[] {
  const pools = worker.metadata.pools;
  if (!Array.isArray(pools)) return [];
  const count = (value: unknown) => (typeof value === 'number' ? value : 0);
  return pools.flatMap((pool: Record<string, unknown>) =>
    typeof pool?.examId === 'number'
      ? [{ examId: pool.examId, warm: count(pool.warm), creating: count(pool.creating), inUse: count(pool.inUse) }]
      : [],
  );
}

/** What keeps a worker from serving, then what it serves without. */
export function reasonsOf({ metadata }: Worker): string[] {
  return [metadata.reasons, metadata.degraded].flatMap((told) => (Array.isArray(told) ? told.map(String) : []));
}
