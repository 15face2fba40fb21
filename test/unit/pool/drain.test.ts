import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Allocation } from '../../../src/pool/allocate.ts';
import { OneWorker } from './one-worker.ts';

afterEach(() => vi.unstubAllGlobals());

async function allocated(worker: OneWorker, userId: number, ms = 8_000): Promise<string | undefined> {
  let answer: Allocation | undefined;
  void worker.pool.allocate({ examId: 7, userId }).then((told) => {
    answer = told;
  });
  await worker.time.advance(ms);
  return answer?.kind === 'seated' ? answer.desktop.containerId : answer?.reason;
}

async function halfFull(): Promise<OneWorker> {
  const worker = new OneWorker().start();
  void worker.pool.prewarm(7, 3);
  await worker.time.advance(10_000);
  expect(await allocated(worker, 1)).toBe('c1');
  await worker.time.advance(30_000);
  return worker;
}

test('a draining worker takes nobody new, empties its pools, and serves who is there', async () => {
  const worker = await halfFull();
  worker.pool.drain(true);
  await worker.time.advance(5_000);
  expect(worker.engine.names()).toEqual(['exam_7_u1']);
  expect(await allocated(worker, 2)).toBe('draining');
  expect(await allocated(worker, 1), 'a refresh of the page').toBe('c1');
  expect(worker.pool.drainStatus).toBe('draining');
  worker.engine.stop('c1');
  worker.pool.nudge();
  expect(await allocated(worker, 1), 'and after a crash of his desktop').toBe('c1');
  void worker.pool.release({ examId: 7, userId: 1 });
  await worker.time.advance(1_000);
  expect([worker.pool.drainStatus, worker.engine.names()]).toEqual(['drained', []]);
});

test('prewarm on a draining worker makes nothing and says so; serving again fills the pools', async () => {
  const worker = await halfFull();
  worker.pool.drain(true);
  await worker.time.advance(5_000);
  const answer = worker.pool.prewarm(8, 2);
  await worker.time.advance(5_000);
  expect(await answer).toEqual({ requested: 2, created: 0, failed: 2, poolAvailable: 0 });
  expect(worker.engine.names()).toEqual(['exam_7_u1']);
  worker.pool.drain(false);
  await worker.time.advance(60_000);
  expect(worker.pool.counts()).toMatchObject([
    { examId: 7, wanted: 3, warm: 3 },
    { examId: 8, wanted: 2, warm: 2 },
  ]);
});

test('a student who waits while a drain begins hears it at once, and no desktop of his is left over', async () => {
  const worker = new OneWorker().start();
  await worker.time.advance(1_000);
  const waiting = allocated(worker, 2, 1_000);
  await waiting;
  let answer: Allocation | undefined;
  void worker.pool.allocate({ examId: 7, userId: 3 }).then((told) => {
    answer = told;
  });
  await worker.time.advance(500);
  worker.pool.drain(true);
  await worker.time.advance(100);
  expect(answer).toEqual({ kind: 'refused', reason: 'draining' });
  await worker.time.advance(30_000);
  expect([worker.engine.names(), worker.pool.drainStatus]).toEqual([[], 'drained']);
});

test('a restart together with an emptied Redis does not open a draining worker', async () => {
  const worker = await halfFull();
  worker.pool.drain(true);
  await worker.time.advance(5_000);
  worker.mirror.asked = undefined;
  worker.crash();
  worker.start();
  await worker.time.advance(1_000);
  expect(await allocated(worker, 2)).toBe('draining');
  worker.pool.drain(false);
  worker.crash();
  worker.start();
  await worker.time.advance(1_000);
  expect(await allocated(worker, 2), 'and none that serves is closed').toMatch(/^c/);
});

test('on a full disk it drains all the same, says that a restart would forget it, and writes it down when it can', async () => {
  const worker = await halfFull();
  worker.drainMemory.full = true;
  worker.pool.drain(true);
  expect(await allocated(worker, 2)).toBe('draining');
  expect(worker.pool.drainState).toMatchObject({
    draining: true,
    by: 'call',
    unkept: expect.stringContaining('no space'),
  });
  worker.drainMemory.full = false;
  await worker.time.advance(20_000);
  expect([worker.pool.drainState.unkept, worker.drainMemory.written?.draining]).toEqual([undefined, true]);
});

describe('the control-plane’s table', () => {
  const by = ({ pool }: OneWorker) => `${pool.drainStatus} ${pool.drainState.by}`;
  const worker = () => new OneWorker().start();

  test('drains the worker and ends it', () => {
    const one = worker();
    for (const [said, shown] of [
      [false, 'serving undefined'],
      [true, 'drained worker_nodes'],
      [true, 'drained worker_nodes'],
      [false, 'serving worker_nodes'],
    ] as const) {
      one.pool.tableSaysDrain(said);
      expect(by(one)).toBe(shown);
    }
  });

  test('that says drain at the very first reading is heard', () => {
    const one = worker();
    one.pool.tableSaysDrain(true);
    expect(by(one)).toBe('drained worker_nodes');
  });

  test('does not undo what was said by call since it changed last, not after a restart either', () => {
    const one = worker();
    one.pool.tableSaysDrain(true);
    one.pool.drain(false);
    one.pool.tableSaysDrain(true);
    expect(by(one)).toBe('serving call');
    one.crash();
    one.pool.tableSaysDrain(true);
    expect(by(one), 'known from before the restart').toBe('serving call');
    one.pool.tableSaysDrain(false);
    one.pool.drain(true);
    one.pool.tableSaysDrain(false);
    expect(by(one)).toBe('drained call');
    one.pool.tableSaysDrain(true);
    one.pool.tableSaysDrain(false);
    expect(by(one), 'its next change counts').toBe('serving worker_nodes');
  });

  test('that changed while the worker was down is heard at its start', () => {
    const one = worker();
    one.pool.tableSaysDrain(true);
    one.crash();
    one.pool.tableSaysDrain(false);
    expect(by(one)).toBe('serving worker_nodes');
  });
});
