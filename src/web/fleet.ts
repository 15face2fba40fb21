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

export interface PoolCounts {
  /** Warm ones asked for by Prewarm. */
  readonly wanted: number;
  readonly warm: number;
  readonly creating: number;
  readonly inUse: number;
}

export interface PoolLine extends PoolCounts {
  readonly examId: number;
}

/** An exam and how it stands over all healthy workers. */
export interface ExamNow extends Exam {
  readonly pool: PoolCounts;
  readonly workers: readonly (PoolCounts & { readonly workerCode: string })[];
  readonly activeSessions: number;
}

/** A student at work. */
export interface RunningSession {
  readonly examId: number;
  readonly userId: number;
  readonly username: string;
  readonly name?: string | null;
  readonly workerCode: string;
  readonly workerName?: string;
  readonly state?: 'active' | 'releasing';
  readonly since: string;
  /** Where this browser finds its worker. */
  readonly tunnelUrl: string | null;
  /** Whether the student looks at the desktop now; null where nobody can know. */
  readonly connected: boolean | null;
  /** When he left it, where it is known. */
  readonly leftAt?: string | null;
  readonly watchers?: number | null;
  readonly recorded?: boolean | null;
  /** The worker that the files could not follow from. */
  readonly filesLeft?: { readonly workerName: string } | null;
}

/** A desktop in use that no session of the control-plane stands for. */
export interface Stray {
  readonly workerCode: string;
  readonly examId: number;
  readonly userId: number;
  readonly username?: string | null;
  readonly connected?: boolean | null;
}

/** All that the console shows. */
export interface LiveView {
  readonly workers: readonly Worker[];
  readonly summary: Readonly<
    Record<'total' | 'healthy' | 'maxSessions' | 'activeSessions' | 'availableSessions', number>
  >;
  readonly exams: readonly ExamNow[];
  readonly sessions: readonly RunningSession[];
  readonly strays: readonly Stray[];
  readonly lastReconcile: { readonly at: string; readonly cleaned: number } | null;
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
      ? [
          {
            examId: pool.examId,
            wanted: count(pool.wanted),
            warm: count(pool.warm),
            creating: count(pool.creating),
            inUse: count(pool.inUse),
          },
        ]
      : [],
  );
}

/** What keeps a worker from serving, then what it serves without. */
export function reasonsOf({ metadata }: Worker): string[] {
  return [metadata.reasons, metadata.degraded].flatMap((told) => (Array.isArray(told) ? told.map(String) : []));
}
