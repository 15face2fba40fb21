import { availableParallelism, totalmem } from 'node:os';
import type { Rig } from '../rig/rig.ts';
import { EXAM } from './invariants.ts';

/** The rest of the desktops wait in the pool, so that whoever comes is served and the host is full all the time. */
const SEATED_SHARE = 5 / 6;
const FILLED_MS = 400_000;
const MB = 2 ** 20;

/** What the limit is computed from: this host as it is, and desktops planned for what they were seen to take. */
export const SIZE = {
  WORKER_TOTAL_CPUS: String(availableParallelism()),
  WORKER_TOTAL_MEMORY_MB: String(Math.floor(totalmem() / MB)),
  WORKER_RESERVED_CPUS: '0.5',
  EXAM_VM_CPUS: '0.04',
  EXAM_VM_MEMORY_MB: '640',
};

/** How many of so many desktops have a student. */
export const seatsOf = (desktops: number): number => Math.floor(desktops * SEATED_SHARE);

/** Fills the pool to the limit. @returns how many desktops that is */
export async function filled(rig: Rig, desktops: number): Promise<number> {
  const began = performance.now();
  const status = async () => (await rig.call('/api/vdi/cluster/status')).body;
  const { maxSessions, room } = await status();
  console.log(`… ${maxSessions} slots by the formula, room for ${room.count} now (${room.short})`);
  const most = Math.min(maxSessions, room.count, desktops);
  await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: most });
  await rig.until(
    `${most} desktops warm`,
    async () => (await status()).pools.some(({ warm }: { warm: number }) => warm >= most),
    FILLED_MS,
  );
  console.log(`… filled in ${Math.round((performance.now() - began) / 1000)} s`);
  await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: most - seatsOf(most) });
  return most;
}
