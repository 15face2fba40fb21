import { afterEach, expect, test, vi } from 'vitest';
import type { Allocation } from '../../../src/pool/allocate.ts';
import { OneWorker } from './one-worker.ts';

afterEach(() => vi.unstubAllGlobals());

const HOUR = 3_600_000;
const seat = { examId: 7, userId: 42 };

async function within<T>(worker: OneWorker, ms: number, call: Promise<T>): Promise<T> {
  await worker.time.advance(ms);
  return call;
}
const said = (answer: Allocation): string => (answer.kind === 'seated' ? answer.desktop.containerId : answer.reason);
const volumeAt = (worker: OneWorker): string | undefined => worker.engine.byName('exam_7_u42')?.volume;
const carriers = (worker: OneWorker): string[] => [...worker.engine.carriers.values()].map(({ name }) => name);

async function seated(options: ConstructorParameters<typeof OneWorker>[0] = {}): Promise<OneWorker> {
  const worker = new OneWorker(options).start();
  await within(worker, 10_000, worker.pool.allocate(seat));
  await worker.time.advance(20_000);
  expect(carriers(worker)).toEqual(['exam_7_u42_work_d1']);
  return worker;
}

test('a claim asks the engine for nothing but the rename; the carrier comes when nobody joins', async () => {
  const worker = new OneWorker().start();
  await within(worker, 10_000, worker.pool.prewarm(7, 1));
  worker.engine.calls.length = 0;
  const answer = worker.pool.allocate(seat);
  await worker.time.advance(50);
  expect(said(await answer)).toBe('c1');
  expect(worker.engine.calls.map(({ call }) => call)).toEqual(['claim']);
  await worker.time.advance(1_000);
  expect(carriers(worker)).toEqual([]);
  await worker.time.advance(20_000);
  expect(carriers(worker)).toEqual(['exam_7_u42_work_d1']);
});

test('a clock that is set back holds no carrier up', async () => {
  const worker = new OneWorker().start();
  await within(worker, 10_000, worker.pool.prewarm(7, 1));
  await within(worker, 50, worker.pool.allocate(seat));
  expect(carriers(worker)).toEqual([]);
  worker.clockOff = -2 * HOUR;
  await worker.time.advance(30_000);
  expect(carriers(worker)).toEqual(['exam_7_u42_work_d1']);
});

test('an engine that refuses the carrier is not asked again and again, and has it made soon after it is well', async () => {
  const worker = new OneWorker().start();
  await within(worker, 10_000, worker.pool.allocate(seat));
  worker.engine.refusal = 'no space left on device';
  worker.engine.calls.length = 0;
  // Each refusal is an event of the engine, and each event asks for a pass.
  for (let times = 0; times < 300; times++) {
    worker.pool.nudge();
    await worker.time.advance(200);
  }
  expect(worker.engine.calls.filter(({ call }) => call === 'carry').length).toBeLessThanOrEqual(12);
  worker.engine.refusal = undefined;
  await worker.time.advance(6_000);
  expect(carriers(worker)).toEqual(['exam_7_u42_work_d1']);
});

test('released files are kept, given back at the next join, and gone an hour after the last release', async () => {
  const worker = await seated();
  const volume = volumeAt(worker);
  await within(worker, 100, worker.pool.release(seat));
  expect(worker.engine.names()).toEqual([]);
  await worker.time.advance(HOUR / 2);
  await within(worker, 10_000, worker.pool.allocate(seat));
  expect(volumeAt(worker)).toBe(volume);
  await worker.time.advance(2 * HOUR);
  expect(volumeAt(worker), 'in use, no time counts').toBe(volume);
  await within(worker, 100, worker.pool.release(seat));
  await worker.time.advance(HOUR - 60_000);
  expect(worker.engine.workspaces.size).toBe(1);
  await worker.time.advance(120_000);
  expect([worker.engine.workspaces.size, carriers(worker)]).toEqual([0, []]);
});

test('released at once after the claim, before anything has been looked at, they are kept all the same', async () => {
  const worker = new OneWorker().start();
  await within(worker, 10_000, worker.pool.prewarm(7, 1));
  const both = Promise.all([worker.pool.allocate(seat), worker.pool.release(seat)]);
  await worker.time.advance(500);
  expect((await both)[1]).toBe(true);
  expect(carriers(worker)).toEqual([expect.stringMatching(/^exam_7_u42_kept_d1_/)]);
});

test('kept for 0 hours: gone with the desktop', async () => {
  const worker = await seated({ workspaceKeepMs: 0 });
  await within(worker, 100, worker.pool.release(seat));
  expect([worker.engine.workspaces.size, carriers(worker)]).toEqual([0, []]);
});

test('kept for 0 hours, a desktop taken away while the backend was down: not released, so the files wait for an hour', async () => {
  const lost = async () => {
    const worker = await seated({ workspaceKeepMs: 0 });
    worker.engine.takeAway('c1');
    worker.crash();
    worker.start();
    await worker.time.advance(HOUR / 2);
    expect([worker.engine.workspaces.size, carriers(worker).length]).toEqual([1, 1]);
    return worker;
  };
  const comes = await lost();
  const [volume] = comes.engine.workspaces.keys();
  await within(comes, 10_000, comes.pool.allocate(seat));
  expect(volumeAt(comes)).toBe(volume);
  const stays = await lost();
  await stays.time.advance(HOUR);
  expect([stays.engine.workspaces.size, carriers(stays)]).toEqual([0, []]);
  const released = await lost();
  await within(released, 100, released.pool.release(seat));
  expect([released.engine.workspaces.size, carriers(released)]).toEqual([0, []]);
});

test('a desktop taken away by hand comes back by itself, one for many calls at once', async () => {
  const worker = await seated();
  const volume = volumeAt(worker);
  worker.engine.takeAway('c1');
  const answers = Promise.all([1, 2, 3].map(() => worker.pool.allocate(seat)));
  void worker.pool.reconcile(false);
  await worker.time.advance(10_000);
  expect(new Set((await answers).map(said)).size).toBe(1);
  expect(worker.engine.names()).toEqual(['exam_7_u42']);
  expect(volumeAt(worker)).toBe(volume);
});

test('taken away and released: it does not come back, its files are kept', async () => {
  const worker = await seated();
  worker.engine.takeAway('c1');
  await within(worker, 100, worker.pool.release(seat));
  await worker.time.advance(60_000);
  expect(worker.engine.names()).toEqual([]);
  expect(carriers(worker)).toEqual([expect.stringMatching(/^exam_7_u42_kept_/)]);
});

test('taken away while the backend was down: kept, and given back when the student comes', async () => {
  const worker = await seated();
  const volume = volumeAt(worker);
  worker.engine.takeAway('c1');
  worker.crash();
  worker.start();
  await worker.time.advance(20_000);
  expect(worker.engine.names()).toEqual([]);
  expect(carriers(worker)).toEqual([expect.stringMatching(/^exam_7_u42_kept_/)]);
  await within(worker, 10_000, worker.pool.allocate(seat));
  expect(volumeAt(worker)).toBe(volume);
});

test('one that does not start is replaced; one that only stopped is started again', async () => {
  const worker = await seated();
  const volume = volumeAt(worker);
  worker.engine.stop('c1');
  await within(worker, 10_000, worker.pool.allocate(seat));
  expect(worker.engine.byName('exam_7_u42')?.containerId).toBe('c1');
  worker.engine.kill('c1');
  worker.pool.nudge();
  await worker.time.advance(200);
  const again = said(await within(worker, 10_000, worker.pool.allocate(seat)));
  expect(again).not.toBe('c1');
  expect([worker.engine.names(), volumeAt(worker)]).toEqual([['exam_7_u42'], volume]);
  expect(worker.ledger.inSession().map(({ containerId }) => containerId)).toEqual([again]);
});

test('on a full host a free desktop makes room for who has files here; a draining worker takes him no more', async () => {
  const worker = await seated({ maxDesktops: 2 });
  const volume = volumeAt(worker);
  await within(worker, 100, worker.pool.release(seat));
  await within(worker, 20_000, worker.pool.prewarm(8, 2));
  expect(worker.engine.names().length).toBe(2);
  await within(worker, 10_000, worker.pool.allocate(seat));
  expect([worker.engine.names().length, volumeAt(worker)]).toEqual([2, volume]);
  await within(worker, 100, worker.pool.release(seat));
  worker.pool.drain(true);
  expect(said(await within(worker, 10_000, worker.pool.allocate(seat)))).toBe('draining');
});

test('files of which nobody knows whose they are: found after an hour, kept one more', async () => {
  const worker = new OneWorker().start();
  worker.engine.workspaces.set('v9', { volume: 'v9', examId: 7, desktopId: 'zz' });
  await worker.time.advance(HOUR - 60_000);
  expect(carriers(worker)).toEqual([]);
  await worker.time.advance(120_000);
  expect(carriers(worker)).toEqual([expect.stringMatching(/^exam_7_lost_zz_/)]);
  expect(worker.engine.workspaces.size).toBe(1);
  await worker.time.advance(HOUR + 60_000);
  expect([worker.engine.workspaces.size, carriers(worker)]).toEqual([0, []]);
});

test('released while his desktop is gone and no new one can be made: none comes back later', async () => {
  const worker = await seated({ maxDesktops: 1 });
  worker.engine.image = undefined;
  worker.engine.takeAway('c1');
  worker.pool.nudge();
  await worker.time.advance(20_000);
  expect([worker.engine.names(), carriers(worker)]).toEqual([[], ['exam_7_u42_work_d1']]);
  await within(worker, 100, worker.pool.release(seat));
  worker.engine.image = 'sha256:one';
  await worker.time.advance(60_000);
  expect([worker.engine.names(), carriers(worker)]).toEqual([[], [expect.stringMatching(/^exam_7_u42_kept_/)]]);
});
