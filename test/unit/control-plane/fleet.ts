import type { Dispatch } from '../../../src/control-plane/dispatch.ts';
import type { WorkerNode } from '../../../src/control-plane/worker-node.ts';

/** The tests' now, and the contract's time to live of a heartbeat. */
export const clocked = { now: new Date('2026-06-01T08:00:00Z'), heartbeatTtlSec: 120 };

export function ago(seconds: number): Date {
  return new Date(clocked.now.getTime() - seconds * 1000);
}

/** A worker that could take a student, unless the test says otherwise. */
export function worker(code: string, change: Partial<WorkerNode> = {}): WorkerNode {
  return {
    id: 1,
    code,
    name: code,
    apiBaseUrl: `http://${code}:3000`,
    isEnabled: true,
    isDraining: false,
    lastHeartbeatAt: ago(10),
    totalCpuCores: 8,
    totalMemoryMb: 12_288,
    reservedCpuCores: 1,
    reservedMemoryMb: 1024,
    vmCpuCores: 1.5,
    vmMemoryMb: 2048,
    activeSessions: 0,
    maxSessions: 4,
    metadata: {},
    createdAt: ago(1000),
    updatedAt: ago(10),
    dispatched: 0,
    ...change,
  };
}

export function dispatch(workerCode: string, change: Partial<Dispatch> = {}): Dispatch {
  return {
    id: 1,
    userId: 42,
    examId: 7,
    workerCode,
    state: 'active',
    ip: '10.0.1.2',
    containerId: 'abc',
    createdAt: ago(60),
    lastJoinedAt: ago(60),
    movedFrom: null,
    movedAt: null,
    ...change,
  };
}
