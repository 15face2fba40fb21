import { afterEach, expect, test, vi } from 'vitest';
import type { LedgerEvent } from '../../../src/pool/ledger.ts';
import { NO_FAULTS } from './fake-engine.ts';
import { OneWorker } from './one-worker.ts';

afterEach(() => vi.unstubAllGlobals());

const seat = { examId: 7, userId: 42 };

/** Desktops' lives only: what they prove is told in test/unit/pool/prover.test.ts. */
const ofLife = ({ kind }: LedgerEvent) => !kind.startsWith('proof-');
const lives = (worker: OneWorker) => worker.ledger.told.filter(ofLife);

const short = (event: LedgerEvent): string => {
  const detail = 'why' in event ? ` ${event.why}` : 'source' in event ? ` ${event.source}` : '';
  return `${event.kind}${detail} ${event.desktop.name}`;
};

async function warm(worker: OneWorker): Promise<void> {
  void worker.start().pool.prewarm(7, 1);
  await worker.time.advance(10_000);
  void worker.pool.prewarm(7, 0);
}

test('a session from the pool: made, began, ended, removed, each told once and in order', async () => {
  const worker = new OneWorker();
  await warm(worker);
  for (let times = 3; times > 0; times--) void worker.pool.allocate(seat);
  await worker.time.advance(20_000);
  void worker.pool.release(seat);
  await worker.time.advance(1_000);
  expect(lives(worker).map(short)).toEqual([
    'desktop-made exam_7_pool_d1',
    'session-began pool exam_7_u42',
    'session-ended released exam_7_u42',
    'desktop-removed released exam_7_u42',
  ]);
  expect(lives(worker)[1]?.desktop).toEqual({
    containerId: 'c1',
    name: 'exam_7_u42',
    desktopId: 'd1',
    examId: 7,
    userId: 42,
  });
});

test('a desktop made for a waiting student is cold; one that stops in use is restarted', async () => {
  const worker = new OneWorker().start();
  void worker.pool.allocate(seat);
  await worker.time.advance(10_000);
  worker.engine.stop('c1');
  await worker.time.advance(20_000);
  expect(lives(worker).map(short)).toEqual([
    'desktop-made exam_7_pool_d1',
    'session-began cold exam_7_u42',
    'desktop-restarted exam_7_u42',
  ]);
});

test('a desktop that somebody takes away by hand is told as gone, a pool desktop of an old image as stale', async () => {
  const worker = new OneWorker();
  await warm(worker);
  void worker.pool.allocate(seat);
  void worker.pool.prewarm(7, 1);
  await worker.time.advance(10_000);
  worker.engine.boxes.delete('c1');
  worker.engine.image = 'sha256:two';
  await worker.time.advance(30_000);
  expect(lives(worker).map(short)).toEqual(
    expect.arrayContaining([
      'session-ended gone exam_7_u42',
      'desktop-removed gone exam_7_u42',
      'desktop-removed stale exam_7_pool_d2',
    ]),
  );
});

test('a desktop that became a student’s unknown to us is not told of as removed when a pool would have removed it', async () => {
  const worker = new OneWorker({ maxDesktops: 1 });
  await warm(worker);
  // Claimed, and the engine's answer was lost.
  const { container } = worker.engine.boxes.get('c1') ?? {};
  Object.assign(container ?? {}, { name: 'exam_7_u42' });
  void worker.pool.allocate({ examId: 8, userId: 9 });
  await worker.time.advance(60_000);
  expect(worker.engine.names()).toEqual(['exam_7_u42']);
  expect(lives(worker).map(short)).toEqual(['desktop-made exam_7_pool_d1', 'session-began adopted exam_7_u42']);
});

test('a start after a crash between claim and telling tells of the session as adopted', async () => {
  const worker = new OneWorker();
  await warm(worker);
  worker.engine.faults = { ...NO_FAULTS, travel: (call, way) => (call === 'claim' && way === 'back' ? 50 : 1) };
  void worker.pool.allocate(seat);
  await worker.time.advance(20);
  expect(worker.engine.names()).toEqual(['exam_7_u42']);
  worker.crash();
  worker.start();
  await worker.time.advance(1_000);
  expect(worker.ledger.kept.filter(ofLife).map(short)).toEqual([
    'desktop-made exam_7_pool_d1',
    'session-began adopted exam_7_u42',
  ]);
});

test('a release whose answer is lost ends the session as released once it is seen to be gone', async () => {
  const worker = new OneWorker();
  await warm(worker);
  void worker.pool.allocate(seat);
  await worker.time.advance(1_000);
  worker.engine.faults = { ...NO_FAULTS, losesAnswer: (call) => call === 'remove' };
  worker.pool.release(seat).catch(() => undefined);
  await worker.time.advance(20_000);
  expect(lives(worker).map(short).slice(2)).toEqual([
    'session-ended released exam_7_u42',
    'desktop-removed released exam_7_u42',
  ]);
});

test('a look at the engine during the claim leaves the telling to the claim', async () => {
  const worker = new OneWorker();
  await warm(worker);
  worker.engine.faults = { ...NO_FAULTS, travel: (call, way) => (call === 'claim' && way === 'back' ? 300 : 1) };
  void worker.pool.allocate(seat);
  await worker.time.advance(20);
  void worker.pool.reconcile(false);
  await worker.time.advance(1_000);
  expect(lives(worker).map(short)).toContain('session-began pool exam_7_u42');
});
