import { afterEach, expect, test, vi } from 'vitest';
import type { Allocation } from '../../../src/pool/allocate.ts';
import { type Cause, Setbacks } from '../../../src/pool/setbacks.ts';
import { forSeeds } from '../../seeded.ts';
import { NO_FAULTS } from './fake-engine.ts';
import { OneWorker } from './one-worker.ts';

afterEach(() => vi.unstubAllGlobals());

const NOW = Date.UTC(2026, 0, 1);
const FULL = 'no space left on device';
const fails = (setbacks: Setbacks, now: number, cause: Cause = 'desktop', examId = 7) =>
  setbacks.failed({ examId, cause, words: 'it broke', begunAt: now }, now);

test('a clock that was set back makes no pause of hours', () => {
  const setbacks = new Setbacks(() => 0.5);
  fails(setbacks, NOW);
  expect(setbacks.pauseMs(7, NOW)).toBe(1_000);
  expect(setbacks.pauseMs(7, NOW - 7_200_000)).toBe(0);
});

test('whatever fails in whatever order, no pause is longer than its cause allows, and a student’s never than 5 s', () =>
  forSeeds(500, async (random) => {
    const setbacks = new Setbacks(() => random.next());
    for (let now = NOW, step = 0; step < 40; step++, now += random.whole(1, 90_000)) {
      const cause = random.pick(['host', 'desktop'] as const);
      fails(setbacks, now, cause);
      expect(setbacks.pauseMs(7, now)).toBeLessThanOrEqual(cause === 'host' ? 6_250 : 75_000);
      expect(setbacks.pauseMs(7, now)).toBeGreaterThanOrEqual(750);
      expect(setbacks.pauseMs(7, now, 'student')).toBeLessThanOrEqual(5_000);
    }
  }));

test('what failed for the host’s sake is tried again when another exam’s desktop came up, what failed by itself is not', () => {
  const setbacks = new Setbacks(() => 0.5);
  fails(setbacks, NOW, 'host', 7);
  fails(setbacks, NOW, 'desktop', 8);
  setbacks.cameUp(9);
  expect([7, 8].map((examId) => setbacks.pauseMs(examId, NOW))).toEqual([0, 1_000]);
  setbacks.engineIsBack();
  expect(setbacks.pauseMs(8, NOW), 'an engine that was started anew').toBe(0);
  expect(setbacks.last, 'it has not come up for that').toBe('it broke');
});

/** Milliseconds until a refill is under way. */
async function refillAfter(worker: OneWorker): Promise<number> {
  for (let ms = 0; ms < 120_000; ms += 100) {
    if (worker.pool.desktops().length > 0) return ms;
    await worker.time.advance(100);
  }
  return Number.POSITIVE_INFINITY;
}

test.each([
  [
    'the engine refuses every create',
    (worker: OneWorker) => {
      worker.engine.refusal = FULL;
    },
  ],
  [
    'every desktop ends for want of room',
    (worker: OneWorker) => {
      worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms: 100, says: { kind: 'failed', reason: FULL } }) };
    },
  ],
])('%s for ten minutes: once there is room again the pools fill within ten seconds', async (_what, breaks) => {
  const worker = new OneWorker().start();
  breaks(worker);
  void worker.pool.prewarm(7, 3);
  await worker.time.advance(600_000);
  expect(worker.pool.counts()).toMatchObject([{ wanted: 3, warm: 0 }]);
  const tries = worker.engine.calls.filter(({ call }) => call === 'create').length;
  expect(tries, 'and the engine is not hammered meanwhile').toBeLessThan(3 * 600 * 0.25);
  worker.engine.refusal = undefined;
  worker.engine.faults = NO_FAULTS;
  expect(await refillAfter(worker)).toBeLessThan(7_000);
  await worker.time.advance(10_000);
  expect(worker.pool.counts()).toMatchObject([{ warm: 3 }]);
});

test('a student who asks has one tried for him though the refill still pauses, one for all who ask', async () => {
  const worker = new OneWorker().start();
  worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms: 100, says: { kind: 'failed', reason: 'no browser' } }) };
  void worker.pool.prewarm(7, 1);
  await worker.time.advance(600_000);
  worker.engine.faults = NO_FAULTS;
  // The next refill is up to a minute away.
  await worker.time.advance(5_000);
  worker.engine.calls.length = 0;
  const answers: Allocation[] = [];
  for (const userId of [1, 2, 3]) void worker.pool.allocate({ examId: 7, userId }).then((told) => answers.push(told));
  await worker.time.advance(1_000);
  expect(worker.engine.calls.filter(({ call }) => call === 'create')).toHaveLength(1);
  await worker.time.advance(7_000);
  expect(answers.map(({ kind }) => kind)).toEqual(['seated', 'seated', 'seated']);
});
