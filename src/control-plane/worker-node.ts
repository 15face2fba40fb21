import { maxSessions } from '../desktop/capacity.ts';
import type { DrainStatus } from '../desktop/drain.ts';

export type WorkerMetadata = Readonly<Record<string, unknown>>;

/** What a heartbeat tells (contract section 2). */
export interface Heartbeat {
  readonly code: string;
  readonly name: string;
  readonly apiBaseUrl: string;
  readonly totalCpuCores: number;
  readonly totalMemoryMb: number;
  readonly reservedCpuCores: number;
  readonly reservedMemoryMb: number;
  readonly vmCpuCores: number;
  readonly vmMemoryMb: number;
  readonly activeSessions: number;
  readonly metadata: WorkerMetadata;
}

/** One row of worker_nodes: what the last heartbeat told, and what the control-plane's own dispatches say about it. */
export interface WorkerNode extends Heartbeat {
  readonly id: number;
  readonly isEnabled: boolean;
  readonly isDraining: boolean;
  readonly lastHeartbeatAt: Date | null;
  readonly maxSessions: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Students whom this control-plane has placed there: known before the next heartbeat tells. */
  readonly dispatched: number;
}

export interface Clocked {
  readonly now: Date;
  readonly heartbeatTtlSec: number;
}

export function slotsOf(beat: Heartbeat): number {
  const slots = maxSessions(
    {
      cpuCores: beat.totalCpuCores,
      memoryMb: beat.totalMemoryMb,
      reservedCpuCores: beat.reservedCpuCores,
      reservedMemoryMb: beat.reservedMemoryMb,
    },
    { cpuCores: beat.vmCpuCores, memoryMb: beat.vmMemoryMb },
  );
  // A worker that plans desktops of size nought has no slots, not endless ones.
  return Number.isFinite(slots) ? slots : 0;
}

export function isHealthy(worker: Pick<WorkerNode, 'lastHeartbeatAt'>, { now, heartbeatTtlSec }: Clocked): boolean {
  if (worker.lastHeartbeatAt === null) return false;
  return now.getTime() - worker.lastHeartbeatAt.getTime() <= heartbeatTtlSec * 1000;
}

/**
 * Sessions that count against the worker's slots. The heartbeat is up to an interval old, our own placements may lack
 * sessions that we do not know of: the larger one is the safe one, since overfilling a worker hurts everybody on it.
 */
export function occupied(worker: Pick<WorkerNode, 'activeSessions' | 'dispatched'>): number {
  return Math.max(worker.activeSessions, worker.dispatched);
}

export function freeSlots(worker: Pick<WorkerNode, 'activeSessions' | 'dispatched' | 'maxSessions'>): number {
  return Math.max(0, worker.maxSessions - occupied(worker));
}

/** The worker says of itself that it cannot take anybody now. A worker that says nothing about it is taken at its beat. */
export function saysNotReady(worker: Pick<WorkerNode, 'metadata'>): boolean {
  return worker.metadata.ready === false || saysDrain(worker) !== undefined;
}

/** It drains by its own word: somebody told it there. */
export function saysDrain({ metadata }: Pick<WorkerNode, 'metadata'>): DrainStatus | undefined {
  const { drainStatus } = metadata;
  return drainStatus === 'draining' || drainStatus === 'drained' ? drainStatus : undefined;
}

export function isSchedulable(worker: WorkerNode, clocked: Clocked): boolean {
  return (
    isHealthy(worker, clocked) &&
    worker.isEnabled &&
    !worker.isDraining &&
    !saysNotReady(worker) &&
    freeSlots(worker) > 0
  );
}

export function drainStatus(
  worker: Pick<WorkerNode, 'isDraining' | 'activeSessions' | 'dispatched' | 'metadata'>,
): DrainStatus {
  if (!worker.isDraining) return saysDrain(worker) ?? 'serving';
  return occupied(worker) > 0 ? 'draining' : 'drained';
}
