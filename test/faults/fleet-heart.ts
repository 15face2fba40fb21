import type { ChildProcess } from 'node:child_process';
import type { Rig } from '../rig/rig.ts';
import { beat } from './heartbeat.ts';

export type Settings = Readonly<Record<string, string>>;

/** Name of the socket by which a worker on a machine of its own is reached from outside. */
export const WORKER_SOCKET = 'worker.sock';
/** Says which processes a process is among. */
export const OWN_PROCESSES = '/proc/self/ns/pid';
/** As a rig has it: six slots. */
export const SIZE = {
  EXAM_VM_CPUS: '0.1',
  EXAM_VM_MEMORY_MB: '1536',
  WORKER_TOTAL_CPUS: '2',
  WORKER_TOTAL_MEMORY_MB: '10240',
  WORKER_RESERVED_CPUS: '0.5',
};

/**
 * The heartbeat of a worker of the fleet.
 * @param controlPlane port by which the control-plane is reached from there
 * @param port where the worker itself is reached by others
 * @param size its worker's settings of that, where they are not a rig's
 */
export function heartOf(rig: Rig, controlPlane: number, port: number, size: Settings = {}): ChildProcess {
  return beat(rig, controlPlane, {
    ...SIZE,
    ...size,
    WORKER_API_BASE_URL: `http://127.0.0.1:${port}`,
    WORKER_PUBLIC_PORT: String(port),
  });
}
