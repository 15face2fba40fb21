import { afterEach, expect, test, vi } from 'vitest';
import type { Allocation } from '../../../src/pool/allocate.ts';
import { OneWorker } from './one-worker.ts';

afterEach(() => vi.unstubAllGlobals());

const creates = (worker: OneWorker) => worker.engine.calls.filter(({ call }) => call === 'create').length;
const warm = (worker: OneWorker) => worker.pool.counts().reduce((sum, pool) => sum + pool.warm, 0);

function join(worker: OneWorker, userId: number, examId = 7): { answer?: Allocation } {
  const told: { answer?: Allocation } = {};
  void worker.pool.allocate({ examId, userId }).then((answer) => {
    told.answer = answer;
  });
  return told;
}

async function filled(slots: number, count: number): Promise<OneWorker> {
  const worker = new OneWorker({ maxDesktops: slots, createWidth: 4 }).start();
  void worker.pool.prewarm(7, count);
  await worker.time.advance(60_000);
  expect(warm(worker)).toBe(count);
  return worker;
}

test('with nobody here ten come up at the engine’s pace', async () => {
  const worker = new OneWorker({ maxDesktops: 10, createWidth: 4 }).start();
  void worker.pool.prewarm(7, 10);
  // Eight at once on two cores, 3 s each.
  await worker.time.advance(7_000);
  expect([warm(worker), worker.pool.refill()]).toEqual([10, { held: 0 }]);
});

test('while students join nothing new begins beside them; status says so, and the pool is full again afterwards', async () => {
  const worker = await filled(20, 10);
  const before = creates(worker);
  for (let userId = 1; userId <= 8; userId++) {
    const told = join(worker, userId);
    await worker.time.advance(1_000);
    expect(told.answer?.kind).toBe('seated');
  }
  expect(creates(worker) - before).toBe(0);
  expect(worker.pool.refill()).toEqual({ held: 8, slowed: 'students-joining' });
  await worker.time.advance(60_000);
  expect([warm(worker), worker.pool.refill()]).toEqual([10, { held: 0 }]);
});

test('joins without end do not keep the pool empty for ever', async () => {
  const worker = await filled(20, 10);
  for (let times = 0; times < 60; times++) {
    join(worker, 1 + (times % 10));
    await worker.time.advance(1_000);
  }
  // One every ten seconds.
  expect(warm(worker)).toBeGreaterThanOrEqual(4);
});

test('a busy host with students makes one at a time', async () => {
  const worker = await filled(20, 6);
  worker.load = { cores: 8, stalled: 0.9, perCore: 3 };
  for (let userId = 1; userId <= 5; userId++) join(worker, userId);
  let most = 0;
  for (let times = 0; times < 300; times++) {
    await worker.time.advance(100);
    most = Math.max(most, worker.pool.desktops().filter(({ state }) => state === 'starting').length);
  }
  expect([most, warm(worker)]).toEqual([1, 6]);
});

test('a student’s own desktop is made before the pool’s, also where the pool’s took the last slots', async () => {
  const worker = new OneWorker({ maxDesktops: 20, createWidth: 4 }).start();
  worker.load = { cores: 1, stalled: 0, perCore: 0 };
  void worker.pool.prewarm(8, 20);
  await worker.time.advance(500);
  expect(await worker.pool.room(), 'every slot is spoken for').toEqual({ count: 0, short: 'slots' });
  const told = join(worker, 1, 9);
  await worker.time.advance(4_000);
  expect(told.answer).toMatchObject({ kind: 'seated', desktop: { name: 'exam_9_u1' } });
});

test('a level that was lowered while its desktops were held back makes none of them', async () => {
  const worker = await filled(20, 1);
  join(worker, 1);
  void worker.pool.prewarm(7, 9);
  await worker.time.advance(500);
  const before = creates(worker);
  void worker.pool.prewarm(7, 0);
  await worker.time.advance(60_000);
  expect(creates(worker) - before).toBe(0);
  expect(worker.engine.names()).toEqual(['exam_7_u1']);
});
