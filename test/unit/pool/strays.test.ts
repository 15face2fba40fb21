import { afterEach, expect, test, vi } from 'vitest';
import { OneWorker } from './one-worker.ts';

afterEach(() => vi.unstubAllGlobals());

const HOUR = 3_600_000;

test('a volume without its desktop goes after an hour, not before, and not one that has a desktop again', async () => {
  const worker = new OneWorker().start();
  worker.engine.strays.add('left-over').add('comes-back');
  await worker.time.advance(HOUR / 2);
  worker.engine.strays.delete('comes-back');
  await worker.time.advance(120_000);
  worker.engine.strays.add('comes-back');
  await worker.time.advance(HOUR / 2 - 240_000);
  expect([...worker.engine.strays]).toEqual(['left-over', 'comes-back']);
  await worker.time.advance(240_000);
  expect([...worker.engine.strays], 'its hour began anew').toEqual(['comes-back']);
  await worker.time.advance(HOUR / 2 + 120_000);
  expect([...worker.engine.strays]).toEqual([]);
});

test('the engine is asked for them once a minute, however often the pool is looked at', async () => {
  const worker = new OneWorker().start();
  worker.engine.calls.length = 0;
  for (let times = 0; times < 120; times++) {
    worker.pool.nudge();
    await worker.time.advance(1_000);
  }
  expect(worker.engine.calls.filter(({ call }) => call === 'strayVolumes').length).toBeLessThanOrEqual(3);
});

test('a dry run says what would go and leaves it', async () => {
  const worker = new OneWorker().start();
  worker.engine.strays.add('left-over');
  await worker.time.advance(HOUR - 1_000);
  worker.engine.down = true;
  await worker.time.advance(30_000);
  worker.engine.down = false;
  const asked = worker.pool.reconcile(true);
  await worker.time.advance(50);
  expect((await asked).steps).toEqual([{ kind: 'discard', volume: 'left-over' }]);
  expect([...worker.engine.strays]).toEqual(['left-over']);
});
