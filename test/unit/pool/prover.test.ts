import { afterEach, expect, test, vi } from 'vitest';
import { quarantineName } from '../../../src/desktop/names.ts';
import { QUARANTINE_MOST } from '../../../src/desktop/plan.ts';
import { signed } from '../desktop/signed.ts';
import { NO_FAULTS } from './fake-engine.ts';
import { OneWorker } from './one-worker.ts';

afterEach(() => vi.unstubAllGlobals());

const PERIOD_MS = 60_000;
const seat = { examId: 7, userId: 42 };

async function warm(count = 1): Promise<OneWorker> {
  const worker = new OneWorker();
  void worker.start().pool.prewarm(7, count);
  await worker.time.advance(10_000);
  return worker;
}

const shown = (worker: OneWorker) =>
  worker.pool.desktops().map(({ containerId, place, state }) => `${containerId} ${place.kind} ${state}`);

test('a desktop that proves its lock is warm, and what it told is kept', async () => {
  const worker = await warm();
  expect(shown(worker)).toEqual(['c1 pool warm']);
  await worker.time.advance(2 * PERIOD_MS);
  expect(worker.mirror.proofs.get('d1')?.length).toBe(3);
});

test.each([
  ['broken', 'gateway left the desktop'],
  ['silent', 'no proof within 15 s'],
] as const)(
  'a lock that is %s from the start: never warm, kept with its reason, made slower and slower',
  async (lock, why) => {
    const worker = new OneWorker();
    worker.engine.faults = { ...NO_FAULTS, lock: () => lock };
    void worker.start().pool.prewarm(7, 1);
    for (let second = 0; second < 300; second++) {
      await worker.time.advance(1_000);
      expect(worker.pool.counts()[0]?.warm).toBe(0);
    }
    expect(worker.pool.lastFailure).toContain(why);
    const made = worker.engine.calls.filter(({ call }) => call === 'create').length;
    expect(made).toBeGreaterThan(2);
    expect(made).toBeLessThan(12);
    expect(worker.engine.names().filter((name) => name.includes('quarantine')).length).toBe(
      Math.min(made - 1, QUARANTINE_MOST),
    );
  },
);

test('a warm one whose lock breaks is out of reach, stopped, kept with the reason, and replaced', async () => {
  const worker = await warm();
  worker.engine.setLock('c1', 'broken');
  await worker.time.advance(PERIOD_MS + 15_000);
  expect(shown(worker)).toEqual(['c1 quarantine stopped', 'c2 pool warm']);
  expect(worker.pool.desktops()[0]?.proof).toMatchObject({ kind: 'bad', reason: 'gateway left the desktop' });
  expect(worker.ledger.told.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['proof-failed', 'quarantined']));
});

test('one that falls silent is given up after three periods, not before', async () => {
  const worker = await warm();
  worker.engine.setLock('c1', 'silent');
  await worker.time.advance(2.5 * PERIOD_MS);
  expect(shown(worker)).toEqual(['c1 pool warm']);
  await worker.time.advance(PERIOD_MS);
  expect(shown(worker)).toEqual(['c1 quarantine stopped', 'c2 pool warm']);
});

test('while the engine is away nobody is given up for silence', async () => {
  const worker = await warm();
  worker.engine.down = true;
  worker.engine.cutProofs();
  await worker.time.advance(10 * PERIOD_MS);
  worker.engine.down = false;
  await worker.time.advance(PERIOD_MS);
  expect(shown(worker)).toEqual(['c1 pool warm']);
});

test('what a desktop tried while the engine was away says nothing of its lock; what it tries later does', async () => {
  const worker = await warm();
  worker.engine.down = true;
  worker.engine.cutProofs();
  await worker.time.advance(5_000);
  const away = worker.time.now;
  worker.engine.down = false;
  await worker.time.advance(3_000);
  const leaks = [{ try: 'wrong-name', want: 'blocked', got: 'silent', ms: 1 }] as const;
  const told = (at: number, seq: number) => ({ ...signed('d1', at, { seq, ok: false, results: leaks }), heardAt: at });
  worker.engine.tell('c1', told(away, 9e12));
  await worker.time.advance(1_000);
  expect(shown(worker)).toEqual(['c1 pool warm']);
  await worker.time.advance(20_000);
  worker.engine.tell('c1', told(worker.time.now, 9.1e12));
  await worker.time.advance(1_000);
  expect(shown(worker)[0]).toBe('c1 quarantine stopped');
});

test('an old record does not count, a forged one ends it', async () => {
  const worker = await warm();
  const { now } = worker.time;
  worker.engine.tell('c1', { ...signed('d1', now - 3_600_000, { seq: 9e12 }), heardAt: now });
  await worker.time.advance(1_000);
  expect(shown(worker)).toEqual(['c1 pool warm']);
  worker.engine.tell('c1', { ...signed('d1', now), signature: 'ab'.repeat(32) });
  await worker.time.advance(1_000);
  expect(shown(worker)[0]).toBe('c1 quarantine stopped');
});

test('in use a failed proof changes nothing but what is shown, and a good one mends it', async () => {
  const worker = await warm();
  void worker.pool.allocate(seat);
  await worker.time.advance(1_000);
  worker.engine.setLock('c1', 'broken');
  await worker.time.advance(5 * PERIOD_MS);
  expect(shown(worker)).toContain('c1 seat warm');
  const proof = () => worker.pool.desktops().find(({ containerId }) => containerId === 'c1')?.proof?.kind;
  expect(proof()).toBe('bad');
  worker.engine.setLock('c1', 'holds');
  await worker.time.advance(PERIOD_MS);
  expect(proof()).toBe('good');
});

test('after a start of the backend the quarantined stay, with their reasons, and warm ones are warm again', async () => {
  const worker = await warm(2);
  worker.engine.setLock('c1', 'broken');
  await worker.time.advance(PERIOD_MS + 15_000);
  worker.crash();
  worker.start();
  await worker.time.advance(10_000);
  expect(shown(worker).sort()).toEqual(['c1 quarantine stopped', 'c2 pool warm', 'c3 pool warm']);
  expect(worker.pool.desktops()[0]?.proof).toMatchObject({ reason: 'gateway left the desktop' });
});

test('a quarantine cut short between name and stop is finished by the next start', async () => {
  const worker = await warm();
  worker.engine.rename('c1', quarantineName(7, worker.time.now));
  worker.engine.calls.length = 0;
  worker.crash();
  worker.start();
  await worker.time.advance(20_000);
  expect(worker.engine.boxes.get('c1')?.container.running).toBe(false);
  expect(worker.engine.calls).not.toContainEqual({ call: 'readiness', name: 'c1' });
  expect(shown(worker).filter((line) => line.includes('pool'))).toEqual(['c2 pool warm']);
});

test.each([
  ['as it is told', () => undefined],
  [
    'after a start of the backend, which hears all of it at once',
    (worker: OneWorker) => {
      worker.crash();
      worker.start();
    },
  ],
])('an exam page that comes late is no longer missed: %s', async (_what, meanwhile) => {
  const worker = new OneWorker().start();
  worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms: 1_000, says: { kind: 'ready', page: 'unreachable' } }) };
  void worker.pool.allocate(seat);
  await worker.time.advance(8_000);
  const pages = () => worker.pool.desktops().map(({ state, page }) => `${state} ${page}`);
  expect(pages()).toEqual(['warm unreachable']);
  worker.engine.bringPage('c1');
  meanwhile(worker);
  await worker.time.advance(8_000);
  expect(pages()).toEqual(['warm loaded']);
  worker.engine.stop('c1');
  worker.pool.nudge();
  await worker.time.advance(20_000);
  expect(pages(), 'started again, it asks anew').toEqual(['warm unreachable']);
});
