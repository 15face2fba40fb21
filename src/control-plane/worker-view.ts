import type { DrainStatus } from '../desktop/drain.ts';
import {
  type Clocked,
  drainStatus,
  freeSlots,
  isHealthy,
  isSchedulable,
  occupied,
  type WorkerMetadata,
  type WorkerNode,
} from './worker-node.ts';

/** A worker as the admin sees it: the row, and what follows from it now. */
export interface WorkerView extends Omit<WorkerNode, 'dispatched'> {
  readonly availableSessions: number;
  /** What the last heartbeat said, where it differs from what has been dispatched since. */
  readonly reportedSessions: number;
  readonly isHealthy: boolean;
  readonly isSchedulable: boolean;
  readonly drainStatus: DrainStatus;
}

export function workerView(worker: WorkerNode, clocked: Clocked): WorkerView {
  const { dispatched: _, ...row } = worker;
  return {
    ...row,
    activeSessions: occupied(worker),
    availableSessions: freeSlots(worker),
    reportedSessions: worker.activeSessions,
    isHealthy: isHealthy(worker, clocked),
    isSchedulable: isSchedulable(worker, clocked),
    drainStatus: drainStatus(worker),
  };
}

export interface WorkersSummary {
  readonly total: number;
  readonly healthy: number;
  readonly stale: number;
  readonly draining: number;
  readonly disabled: number;
  readonly schedulable: number;
  readonly maxSessions: number;
  readonly activeSessions: number;
  readonly availableSessions: number;
}

/** Slots are those of healthy workers: a worker that does not beat offers none. Free ones only where somebody may go. */
export function summaryOf(workers: readonly WorkerNode[], clocked: Clocked): WorkersSummary {
  const healthy = workers.filter((worker) => isHealthy(worker, clocked));
  const schedulable = workers.filter((worker) => isSchedulable(worker, clocked));
  const sum = (rows: readonly WorkerNode[], of: (worker: WorkerNode) => number) =>
    rows.reduce((total, worker) => total + of(worker), 0);
  return {
    total: workers.length,
    healthy: healthy.length,
    stale: workers.length - healthy.length,
    draining: workers.filter(({ isDraining }) => isDraining).length,
    disabled: workers.filter(({ isEnabled }) => !isEnabled).length,
    schedulable: schedulable.length,
    maxSessions: sum(healthy, ({ maxSessions }) => maxSessions),
    activeSessions: sum(healthy, occupied),
    availableSessions: sum(schedulable, freeSlots),
  };
}

/** One exam's pool on a worker. */
export interface ToldPool {
  readonly examId: number;
  readonly wanted: number;
  readonly warm: number;
  readonly creating: number;
  readonly inUse: number;
}

/** Pools as the worker's heartbeat tells them. Metadata is any object: what does not fit is left out. */
export function poolsOf({ pools }: WorkerMetadata): ToldPool[] {
  if (!Array.isArray(pools)) return [];
  const count = (value: unknown) => (typeof value === 'number' ? value : 0);
  return pools.flatMap((pool: Record<string, unknown> | null) =>
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

/** Warm desktops of an exam as the worker's heartbeat tells them; 0 for a worker that does not tell. */
export function warmOf(metadata: WorkerMetadata, examId: number): number {
  return poolsOf(metadata).find((pool) => pool.examId === examId)?.warm ?? 0;
}
