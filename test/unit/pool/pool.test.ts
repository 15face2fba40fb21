import { afterEach, expect, test, vi } from 'vitest';
import type { Allocation } from '../../../src/pool/allocate.ts';
import { EngineDown, ImageMissing } from '../../../src/pool/ports.ts';
import { NO_FAULTS } from './fake-engine.ts';
import { OneWorker } from './one-worker.ts';

afterEach(() => vi.unstubAllGlobals());

const seat = { examId: 7, userId: 42 };
const other = { examId: 7, userId: 43 };

/** Asks, lets time pass, and gives what was answered; undefined when nothing was. */
async function within<T>(worker: OneWorker, ms: number, asked: Promise<T>): Promise<T | undefined> {
  let answer: T | undefined;
  void asked.then((value) => {
    answer = value;
  });
  await worker.time.advance(ms);
  return answer;
}

const idOf = (answer: Allocation | undefined): string | undefined =>
  answer?.kind === 'seated' ? answer.desktop.containerId : answer?.reason;

async function warm(worker: OneWorker, count: number): Promise<void> {
  void worker.start().pool.prewarm(7, count);
  await worker.time.advance(10_000);
}

test('one student asking twenty times at once gets one desktop, and one is made', async () => {
  const worker = new OneWorker().start();
  const asked = Promise.all(Array.from({ length: 20 }, () => worker.pool.allocate(seat)));
  const answers = await within(worker, 10_000, asked);
  expect(new Set(answers?.map(idOf))).toEqual(new Set(['c1']));
  expect(worker.engine.names()).toEqual(['exam_7_u42']);
});

test('a warm desktop is there within one rename, and the pool is filled up again', async () => {
  const worker = new OneWorker();
  await warm(worker, 2);
  worker.engine.calls.length = 0;
  expect(idOf(await within(worker, 5, worker.pool.allocate(seat)))).toBe('c1');
  expect(worker.engine.calls.map(({ call }) => call)).toEqual(['claim']);
  await worker.time.advance(10_000);
  expect(worker.pool.counts()).toEqual([{ examId: 7, wanted: 2, warm: 2, creating: 0, inUse: 1, env: {} }]);
});

test('two students asking at once for the last one do not get the same', async () => {
  const worker = new OneWorker({ maxDesktops: 1 });
  await warm(worker, 1);
  const asked = Promise.all([worker.pool.allocate(seat), worker.pool.allocate(other)]);
  expect((await within(worker, 15_000, asked))?.map(idOf).sort()).toEqual(['c1', 'host-full']);
});

test('prewarm answers at once with what is true, and asking twice is asking once', async () => {
  const worker = new OneWorker({ maxDesktops: 4 }).start();
  await worker.time.advance(1_000);
  expect(await within(worker, 10, worker.pool.prewarm(7, 6))).toEqual({
    requested: 6,
    created: 4,
    failed: 2,
    poolAvailable: 0,
  });
  expect(await within(worker, 10, worker.pool.prewarm(7, 3))).toEqual({
    requested: 3,
    created: 3,
    failed: 0,
    poolAvailable: 0,
  });
  await worker.time.advance(30_000);
  expect(await within(worker, 10, worker.pool.prewarm(7, 3))).toMatchObject({ created: 0, poolAvailable: 4 });
});

test('an answer comes before the caller gives up, however slow a new desktop is', async () => {
  const worker = new OneWorker().start();
  worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms: 60_000, says: { kind: 'ready' } }) };
  expect(idOf(await within(worker, 12_100, worker.pool.allocate(seat)))).toBe('pool-empty');
  await worker.time.advance(50_000);
  expect(idOf(await within(worker, 100, worker.pool.allocate(seat))), 'the next try gets the one made').toBe('c1');
});

const slowWorker = (ms = 30_000, size: { readonly maxDesktops?: number } = {}) => {
  const worker = new OneWorker(size).start();
  worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms, says: { kind: 'ready' } }) };
  return worker;
};

test('a desktop whose caller never came back is kept for a minute, then it is gone', async () => {
  const worker = slowWorker();
  await within(worker, 12_100, worker.pool.allocate(seat));
  await worker.time.advance(58_000);
  expect(worker.engine.names(), '70 s after it was begun, 58 s after his last call').toHaveLength(1);
  await worker.time.advance(20_000);
  expect(worker.engine.names()).toEqual([]);
});

test('one that was asked for ahead as well goes back to its pool instead', async () => {
  const worker = slowWorker();
  void worker.pool.prewarm(7, 1);
  await within(worker, 12_100, worker.pool.allocate(seat));
  await worker.time.advance(150_000);
  expect(worker.pool.counts()).toMatchObject([{ wanted: 1, warm: 1, inUse: 0 }]);
});

test('what is made for one who gave up is not another’s, who gets his own; both get one each when they call again', async () => {
  const worker = slowWorker(20_000);
  expect(idOf(await within(worker, 12_100, worker.pool.allocate(seat)))).toBe('pool-empty');
  expect(idOf(await within(worker, 12_100, worker.pool.allocate(other))), 'c1 is warm, and not his').toBe('pool-empty');
  expect(worker.pool.desktops().map(({ containerId, state }) => `${containerId} ${state}`)).toEqual([
    'c1 warm',
    'c2 starting',
  ]);
  expect(idOf(await within(worker, 50, worker.pool.allocate(seat)))).toBe('c1');
  expect(idOf(await within(worker, 12_000, worker.pool.allocate(other)))).toBe('c2');
});

test('where nothing more can be made, one who would have to wait for another’s is sent on at once', async () => {
  const worker = new OneWorker({ maxDesktops: 1 }).start();
  worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms: 20_000, says: { kind: 'ready' } }) };
  await within(worker, 12_100, worker.pool.allocate(seat));
  expect(idOf(await within(worker, 100, worker.pool.allocate(other)))).toBe('host-full');
  await worker.time.advance(61_000);
  expect(idOf(await within(worker, 100, worker.pool.allocate(other))), 'he did not come back').toBe('c1');
});

test('one who waits while the promise before his ends takes what it kept', async () => {
  const worker = slowWorker(20_000);
  await within(worker, 12_100, worker.pool.allocate(seat));
  await worker.time.advance(49_000);
  // Everything made from now on takes too long; what is there is kept for ten more seconds.
  worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms: 80_000, says: { kind: 'ready' } }) };
  expect(idOf(await within(worker, 11_500, worker.pool.allocate(other)))).toBe('c1');
});

test('a student who is released is expected no more', async () => {
  const worker = slowWorker(13_000);
  await within(worker, 12_100, worker.pool.allocate(seat));
  await within(worker, 2_000, worker.pool.release(seat));
  expect(idOf(await within(worker, 1_000, worker.pool.allocate(other)))).toBe('c1');
});

test('a student’s desktop outlives a rebuilt image, a restart, a stop of its own and the loss of Redis', async () => {
  const worker = new OneWorker();
  await warm(worker, 1);
  await within(worker, 100, worker.pool.allocate(seat));
  worker.engine.image = 'sha256:two';
  worker.crash();
  worker.mirror.sessions.clear();
  worker.start();
  expect(idOf(await within(worker, 8_000, worker.pool.allocate(seat)))).toBe('c1');
  worker.engine.stop('c1');
  worker.pool.nudge();
  await worker.time.advance(20_000);
  expect(idOf(await within(worker, 8_000, worker.pool.allocate(seat)))).toBe('c1');
});

test('right after a start, before the first look, a student gets his own desktop back and not a second', async () => {
  const worker = new OneWorker();
  await warm(worker, 1);
  await within(worker, 100, worker.pool.allocate(seat));
  worker.crash();
  expect(idOf(await within(worker, 8_000, worker.pool.allocate(seat)))).toBe('c1');
  expect(worker.engine.calls.filter(({ call }) => call === 'create')).toHaveLength(1);
});

test('another exam’s idle desktops give their slots to students who would find none, and are not made again in their place', async () => {
  const worker = new OneWorker({ maxDesktops: 3 });
  await warm(worker, 3);
  const both = Promise.all([9, 10].map((userId) => worker.pool.allocate({ examId: 8, userId })));
  expect((await within(worker, 12_000, both))?.map(({ kind }) => kind)).toEqual(['seated', 'seated']);
  await worker.time.advance(60_000);
  expect(worker.engine.names().map((name) => name.replace(/pool_.*/, 'pool'))).toEqual(
    expect.arrayContaining(['exam_7_pool', 'exam_8_u10', 'exam_8_u9']),
  );
  expect(worker.engine.names()).toHaveLength(3);
});

test('what another exam’s student is promised gives way to nobody, nor does anything where memory is short', async () => {
  const worker = slowWorker(20_000, { maxDesktops: 1 });
  await within(worker, 12_100, worker.pool.allocate(seat));
  await worker.time.advance(10_000);
  expect(idOf(await within(worker, 8_000, worker.pool.allocate({ examId: 8, userId: 9 })))).toBe('host-full');
  expect(idOf(await within(worker, 50, worker.pool.allocate(seat)))).toBe('c1');
  const roomy = new OneWorker({ maxDesktops: 4 });
  await warm(roomy, 2);
  roomy.left = { memoryMb: 500 };
  expect(idOf(await within(roomy, 100, roomy.pool.allocate({ examId: 8, userId: 9 })))).toBe('host-full');
  expect(roomy.engine.names()).toHaveLength(2);
});

test('a full host is known to be full right after a start', async () => {
  const worker = new OneWorker({ maxDesktops: 1 });
  await warm(worker, 1);
  await within(worker, 100, worker.pool.allocate(seat));
  worker.crash();
  expect(idOf(await within(worker, 8_000, worker.pool.allocate(other)))).toBe('host-full');
});

test('a list of the engine that is older than a claim does not put the desktop back into the pool', async () => {
  const worker = new OneWorker();
  await warm(worker, 1);
  // The list is seen by the engine at once, but its answer takes long; the claim overtakes it.
  worker.engine.faults = { ...NO_FAULTS, travel: (call, way) => (call === 'list' && way === 'back' ? 500 : 1) };
  worker.engine.image = 'sha256:two';
  const pass = worker.pool.reconcile(false);
  await worker.time.advance(5);
  expect(idOf(await within(worker, 10, worker.pool.allocate(seat)))).toBe('c1');
  await within(worker, 600, pass);
  expect(worker.engine.crimes).toEqual([]);
  expect(worker.engine.byName('exam_7_u42')?.containerId).toBe('c1');
});

test('a desktop that is a student’s without our knowing is never given away nor removed', async () => {
  const worker = new OneWorker();
  await warm(worker, 1);
  worker.engine.rename('c1', 'exam_7_u99');
  expect(idOf(await within(worker, 10_000, worker.pool.allocate(seat)))).not.toBe('c1');
  expect(worker.engine.byName('exam_7_u99')?.containerId).toBe('c1');
  expect(worker.engine.crimes).toEqual([]);
});

test('release ends the desktop and its tunnels; again is success; the next session is another desktop', async () => {
  const worker = new OneWorker().start();
  await within(worker, 10_000, worker.pool.allocate(seat));
  expect(await within(worker, 100, worker.pool.release(seat))).toBe(true);
  expect(worker.holder.dropped).toContain('c1');
  expect(await within(worker, 100, worker.pool.release(seat))).toBe(false);
  expect(worker.engine.names()).toEqual([]);
  const next = idOf(await within(worker, 10_000, worker.pool.allocate(seat)));
  expect(next).not.toBe('c1');
  expect(worker.engine.byName('exam_7_u42')?.containerId).toBe(next);
});

test('with the engine away: allocate refuses with the reason, release and prewarm rise, a student’s own is answered', async () => {
  const worker = new OneWorker().start();
  await within(worker, 10_000, worker.pool.allocate(seat));
  worker.engine.down = true;
  expect(idOf(await within(worker, 1_000, worker.pool.allocate(other)))).toBe('engine-down');
  expect(idOf(await within(worker, 1_000, worker.pool.allocate(seat)))).toBe('c1');
  const rises = [expect(worker.pool.release(other)).rejects, expect(worker.pool.prewarm(7, 1)).rejects];
  const seen = Promise.all(rises.map((each) => each.toThrow(EngineDown)));
  await worker.time.advance(1_000);
  await seen;
});

test('desktops that never come up are not made as fast as they fail', async () => {
  const worker = new OneWorker();
  worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms: 100, says: { kind: 'failed', reason: 'no lock' } }) };
  await warm(worker, 1);
  await worker.time.advance(600_000);
  expect(worker.engine.calls.filter(({ call }) => call === 'create').length).toBeLessThan(20);
  expect(worker.pool.lastFailure).toContain('no lock');
  expect(idOf(await within(worker, 12_100, worker.pool.allocate(seat)))).toBe('desktops-failing');
});

test('a batch that fails together grows the pause once, not once each', async () => {
  const worker = new OneWorker({ createWidth: 5 });
  let boots = 0;
  worker.engine.faults = {
    ...NO_FAULTS,
    boot: () => (++boots <= 5 ? { ms: 100 + boots, says: { kind: 'failed', reason: 'no lock' } } : NO_FAULTS.boot()),
  };
  void worker.start().pool.prewarm(7, 5);
  // 0.1 s until they fail, a pause of 1 s, 3 s until the next are up: grown five times it would have been 16 s.
  await worker.time.advance(6_000);
  expect(worker.pool.counts()).toMatchObject([{ warm: 5 }]);
  expect(worker.pool.lastFailure).toBeUndefined();
});

test('one exam whose desktops fail does not hold up another’s', async () => {
  const worker = new OneWorker();
  worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms: 100, says: { kind: 'failed', reason: 'bad page' } }) };
  await warm(worker, 1);
  await worker.time.advance(120_000);
  worker.engine.faults = NO_FAULTS;
  expect(idOf(await within(worker, 8_000, worker.pool.allocate({ examId: 8, userId: 1 })))).toMatch(/^c/);
});

test('the engine’s absence is no failure of the desktops: when it is back one is made at once', async () => {
  const worker = new OneWorker().start();
  await worker.time.advance(1_000);
  worker.engine.down = true;
  for (let tries = 0; tries < 5; tries++) {
    void worker.pool.prewarm(7, 1).catch(() => undefined);
    await worker.time.advance(2_000);
  }
  worker.engine.down = false;
  expect(idOf(await within(worker, 5_000, worker.pool.allocate(seat)))).toMatch(/^c/);
});

test('a host without memory for one more is full, whatever its slots; what is free is still given', async () => {
  const worker = new OneWorker();
  await warm(worker, 1);
  worker.left = { memoryMb: 500 };
  expect(await within(worker, 10, worker.pool.prewarm(7, 4))).toEqual({
    requested: 4,
    created: 0,
    failed: 3,
    poolAvailable: 1,
  });
  expect(idOf(await within(worker, 100, worker.pool.allocate(seat)))).toBe('c1');
  expect(idOf(await within(worker, 100, worker.pool.allocate(other)))).toBe('host-full');
  await worker.time.advance(60_000);
  expect(worker.engine.names()).toEqual(['exam_7_u42']);
  worker.left = {};
  await worker.time.advance(20_000);
  expect(worker.pool.counts()).toMatchObject([{ warm: 4, inUse: 1 }]);
});

test('without the exam image a student is told so, and his own desktop is still there', async () => {
  const worker = new OneWorker().start();
  await within(worker, 10_000, worker.pool.allocate(seat));
  worker.engine.image = undefined;
  expect(idOf(await within(worker, 1_000, worker.pool.allocate(other)))).toBe('image-missing');
  expect(idOf(await within(worker, 1_000, worker.pool.allocate(seat)))).toBe('c1');
  const asked = expect(worker.pool.prewarm(7, 1)).rejects.toThrow(ImageMissing);
  await worker.time.advance(1_000);
  await asked;
});

test('a name that another worker of this engine has is refused with words, and the free desktop stays free', async () => {
  const worker = new OneWorker();
  await warm(worker, 1);
  worker.engine.foreignNames.add('exam_7_u42');
  expect(idOf(await within(worker, 1_000, worker.pool.allocate(seat)))).toBe('name-taken');
  expect(idOf(await within(worker, 1_000, worker.pool.allocate(other)))).toBe('c1');
});

test('an address that something else has is passed over', async () => {
  const worker = new OneWorker();
  worker.mirror.cursor = '10.213.1.0';
  worker.engine.foreignAddresses.add('10.213.1.1');
  await warm(worker, 1);
  expect(worker.pool.desktops().map(({ ip }) => ip)).toEqual(['10.213.1.2']);
  expect(worker.mirror.cursor).toBe('10.213.1.2');
});

test('after a restart Redis keeps the sessions it knew, also when it answers before Docker does', async () => {
  const worker = new OneWorker().start();
  await within(worker, 10_000, worker.pool.allocate(seat));
  const known = worker.mirror.sessions.get('exam_7_u42');
  expect(known?.source).toBe('cold');
  worker.crash();
  worker.pool.mirrorIsBack();
  await worker.time.advance(100);
  worker.start();
  await worker.time.advance(10_000);
  expect(worker.mirror.sessions.get('exam_7_u42')).toEqual(known);
});

test('an emptied Redis is filled again from Docker; what was asked for comes back with it', async () => {
  const worker = new OneWorker();
  await warm(worker, 1);
  await within(worker, 100, worker.pool.allocate(seat));
  await worker.time.advance(10_000);
  worker.mirror.sessions.clear();
  worker.mirror.pools.clear();
  worker.mirror.asked = undefined;
  worker.pool.mirrorIsBack();
  await worker.time.advance(100);
  expect([...worker.mirror.sessions.keys()]).toEqual(['exam_7_u42']);
  expect([...(worker.mirror.pools.get(7) ?? [])]).toHaveLength(1);
  expect((await worker.mirror.loadAsked())?.wanted.get(7)).toBe(1);
});

test('a stopped pool stops no desktop', async () => {
  const worker = new OneWorker();
  await warm(worker, 2);
  await worker.pool.stop();
  await worker.time.advance(60_000);
  expect(worker.engine.names()).toHaveLength(2);
});

test('a stopped pool begins no other desktop, and takes none that is still coming up for a failed one', async () => {
  const worker = new OneWorker({ createWidth: 2 });
  // Some stand in the line still, some start, some have said that they are ready and have proved nothing yet.
  const travel: typeof NO_FAULTS.travel = (call) => (call === 'create' ? 75 : 1);
  worker.engine.faults = {
    ...NO_FAULTS,
    travel,
    boot: () => ({ ms: 200, says: { kind: 'ready' } }),
    lock: () => 'silent',
  };
  worker.start();
  void worker.pool.prewarm(7, 6);
  await worker.time.advance(400);
  const known = worker.pool.desktops().length;
  expect(known).toBeGreaterThan(0);
  expect(known).toBeLessThan(6);
  void worker.pool.stop();
  await worker.time.advance(120_000);
  // One create may have been under way.
  expect(worker.engine.names().length).toBeLessThanOrEqual(known + 2);
  expect(worker.pool.lastFailure).toBeUndefined();
  expect(worker.ledger.told.filter(({ kind }) => kind === 'proof-failed')).toEqual([]);
});

test('a restart while Redis is away removes no warm desktop as surplus: what was asked for is not known yet', async () => {
  const worker = new OneWorker();
  await warm(worker, 2);
  await worker.time.advance(300_000);
  worker.crash();
  worker.mirror.away = true;
  worker.start();
  await worker.time.advance(60_000);
  expect(worker.engine.names()).toHaveLength(2);
  worker.mirror.away = false;
  await worker.time.advance(60_000);
  expect(worker.pool.counts()).toMatchObject([{ wanted: 2, warm: 2 }]);
});

test('a desktop whose session is there is held while its programs still start, and is not warm for that', async () => {
  const worker = new OneWorker();
  void worker.start().pool.prewarm(7, 1);
  for (let ms = 0; worker.holder.held.size === 0 && ms < 1_000; ms++) await worker.time.advance(1);
  expect([...worker.holder.held]).toEqual(['c1']);
  expect(worker.pool.desktops().map(({ state }) => state)).toEqual(['starting']);
  await worker.time.advance(10_000);
  expect(worker.pool.desktops().map(({ state }) => state)).toEqual(['warm']);
});

test('a rebuilt image rolls over the pool one by one: never fewer than asked for, and a student gets a new one first', async () => {
  const worker = new OneWorker();
  await warm(worker, 3);
  worker.engine.image = 'sha256:two';
  let least = 3;
  let isNewest: boolean | undefined;
  for (let times = 0; times < 1_000; times++) {
    await worker.time.advance(100);
    const usable = worker.pool.desktops().filter(({ state }) => state === 'warm');
    least = Math.min(least, usable.length);
    if (isNewest === undefined && usable.some(({ labels }) => labels.imageId === 'sha256:two')) {
      const answer = await within(worker, 50, worker.pool.allocate(seat));
      isNewest = answer?.kind === 'seated' && answer.desktop.labels.imageId === 'sha256:two';
      least = Math.min(least, 3);
    }
  }
  expect([isNewest, least]).toEqual([true, 3]);
  expect(worker.pool.desktops().map(({ labels }) => labels.imageId)).toEqual(Array(4).fill('sha256:two'));
});

test('a rebuilt image whose desktops do not come up costs no warm one', async () => {
  const worker = new OneWorker();
  await warm(worker, 3);
  worker.engine.image = 'sha256:broken';
  worker.engine.faults = { ...NO_FAULTS, boot: () => ({ ms: 100, says: { kind: 'failed', reason: 'no browser' } }) };
  await worker.time.advance(300_000);
  expect(worker.pool.counts()).toMatchObject([{ warm: 3 }]);
});

test('a desktop that cannot be removed keeps nobody else from being looked after', async () => {
  const worker = new OneWorker();
  await warm(worker, 2);
  await within(worker, 100, worker.pool.allocate(seat));
  await worker.time.advance(10_000);
  const [stuck] = worker.pool.desktops().filter(({ place }) => place.kind === 'pool');
  worker.engine.stuck.add(String(stuck?.name));
  worker.engine.stop(String(stuck?.containerId));
  worker.engine.stop('c1');
  const told = await within(worker, 100, worker.pool.reconcile(false));
  expect(told).toMatchObject({ failed: 1, done: (told?.steps.length ?? 0) - 1 });
  await worker.time.advance(15_000);
  expect(idOf(await within(worker, 10, worker.pool.allocate(seat)))).toBe('c1');
  expect(worker.pool.counts()).toMatchObject([{ warm: 2, inUse: 1 }]);
  worker.engine.stuck.clear();
  await worker.time.advance(20_000);
  expect(worker.engine.names()).toHaveLength(3);
});

test('a pass does a hundred steps at most and says that more is to be done; the next follows by itself', async () => {
  const worker = new OneWorker().start();
  await worker.time.advance(1_000);
  for (let left = 0; left < 150; left++) worker.engine.strays.add(`left-over-${left}`);
  await worker.time.advance(61_000);
  worker.engine.down = true;
  await worker.time.advance(3_600_000);
  worker.engine.down = false;
  const told = await within(worker, 1_000, worker.pool.reconcile(false));
  expect(told).toMatchObject({ partial: true, done: 100, steps: { length: 100 } });
  await worker.time.advance(16_000);
  expect(worker.engine.strays.size).toBe(0);
});
