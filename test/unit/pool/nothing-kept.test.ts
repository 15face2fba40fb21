import { afterEach, expect, test, vi } from 'vitest';
import { collected } from '../../rig/collected.ts';
import { OneWorker } from './one-worker.ts';

const { timeout } = AbortSignal;

afterEach(() => {
  vi.unstubAllGlobals();
  AbortSignal.timeout = timeout;
});

const WARM_UP = 400;
const SESSIONS = 2_000;
/** Of each session. One entry of a map with its key is more than 100. */
const LEFT_BYTES = 40;

type Accident = (worker: OneWorker, containerId: string) => void;

const ACCIDENTS: readonly Accident[] = [
  (worker, containerId) => worker.engine.stop(containerId),
  (worker, containerId) => worker.engine.kill(containerId),
  (worker, containerId) => worker.engine.takeAway(containerId),
  (worker, containerId) => worker.engine.setLock(containerId, 'broken'),
];

let next = 1;

/** Another student comes, and goes. Every fourth meets an accident of his desktop. */
async function comeAndGo(worker: OneWorker): Promise<void> {
  const { pool, engine, time } = worker;
  const userId = next++;
  const seat = { examId: 7, userId };
  void pool.allocate(seat);
  await time.advance(20);
  const there = engine.byName(`exam_7_u${userId}`);
  if (!there) throw new Error(`student ${userId} got none`);
  const accident = userId % 4 === 0 ? ACCIDENTS[(userId / 4) % ACCIDENTS.length] : undefined;
  accident?.(worker, there.containerId);
  await time.advance(accident ? 10_000 : 20);
  void pool.release(seat);
  await time.advance(5_000);
}

/** What the worker holds when all that is still to come of these sessions has come; what the test itself noted is forgotten. */
async function heldAfter(worker: OneWorker, sessions: number): Promise<number> {
  for (let count = 0; count < sessions; count++) await comeAndGo(worker);
  await worker.time.advance(600_000);
  const { engine, ledger, mirror, holder } = worker;
  for (const list of [engine.calls, ledger.told, ledger.kept, holder.dropped]) list.length = 0;
  for (const noted of [engine.condemned, engine.unmountedAt, mirror.proofs]) noted.clear();
  const { heapUsed, compiled } = collected();
  return heapUsed - compiled;
}

test('students who have come and gone leave nothing in the worker’s memory, accidents of their desktops or not', async () => {
  // In real time it would hold what waits for it long after the test.
  AbortSignal.timeout = () => new AbortController().signal;
  const worker = new OneWorker({ workspaceKeepMs: 0 }).start();
  void worker.pool.prewarm(7, 3);
  await worker.time.advance(20_000);
  // Code that was needed at the start only goes with the second collection.
  await heldAfter(worker, WARM_UP);
  const before = await heldAfter(worker, WARM_UP);
  const after = await heldAfter(worker, SESSIONS);
  expect((after - before) / SESSIONS).toBeLessThan(LEFT_BYTES);
}, 60_000);
