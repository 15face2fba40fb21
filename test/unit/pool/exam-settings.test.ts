import { afterEach, expect, test, vi } from 'vitest';
import { decodeAsked, encodeAsked } from '../../../src/redis/asked-text.ts';
import { OneWorker } from './one-worker.ts';

afterEach(() => vi.unstubAllGlobals());

const A = { EXAM_NAME: 'Algorithms' };
const B = { EXAM_NAME: 'Databases', EXAM_BROWSER_URL: 'http://b.test/' };

async function prewarmed(worker: OneWorker, examId: number, count: number, env?: Record<string, string>) {
  const answer = worker.pool.prewarm(examId, count, env);
  await worker.time.advance(10_000);
  return answer;
}

const envs = (worker: OneWorker, examId: number) =>
  worker.pool
    .desktops()
    .filter(({ labels }) => labels.examId === examId)
    .map(({ labels }) => labels.overrides);

test('two exams’ pools stand side by side, each with its own settings', async () => {
  const worker = new OneWorker().start();
  await prewarmed(worker, 7, 2, A);
  await prewarmed(worker, 8, 2, B);
  expect([envs(worker, 7), envs(worker, 8)]).toEqual([
    [A, A],
    [B, B],
  ]);
});

test('a prewarm without settings leaves those given before, and empty ones take them away', async () => {
  const worker = new OneWorker().start();
  await prewarmed(worker, 7, 1, A);
  await prewarmed(worker, 7, 2);
  expect(envs(worker, 7)).toEqual([A, A]);
  await prewarmed(worker, 7, 1, {});
  await worker.time.advance(60_000);
  expect(envs(worker, 7)).toEqual([{}]);
});

test('other settings replace the free desktops, and no student gets one made with those before', async () => {
  const worker = new OneWorker().start();
  await prewarmed(worker, 7, 2, A);
  const seated = worker.pool.allocate({ examId: 7, userId: 1 });
  await worker.time.advance(10_000);
  await seated;
  void worker.pool.prewarm(7, 2, B);
  const next = worker.pool.allocate({ examId: 7, userId: 2 });
  await worker.time.advance(20_000);
  const answer = await next;
  expect(answer.kind === 'seated' && answer.desktop.labels.overrides).toEqual(B);
  expect(worker.engine.byName('exam_7_u1')?.labels.overrides, 'one in use stays as it is').toEqual(A);
  const pooled = worker.pool.desktops().filter(({ place }) => place.kind === 'pool');
  expect(pooled.map(({ labels }) => labels.overrides)).toEqual([B, B]);
});

test('a desktop made while a student waits has them too, and its answer counts only those', async () => {
  const worker = new OneWorker().start();
  await prewarmed(worker, 7, 0, A);
  const cold = worker.pool.allocate({ examId: 7, userId: 1 });
  await worker.time.advance(10_000);
  const answer = await cold;
  expect(answer.kind === 'seated' && answer.desktop.labels.overrides).toEqual(A);
});

test('they outlive a restart, and with Redis emptied as well they are read from what runs, with the level', async () => {
  const worker = new OneWorker().start();
  await prewarmed(worker, 7, 2, A);
  worker.crash();
  worker.start();
  await worker.time.advance(10_000);
  expect(worker.pool.counts()).toMatchObject([{ examId: 7, wanted: 2, warm: 2, env: A }]);
  worker.crash();
  worker.mirror.asked = undefined;
  worker.start();
  await worker.time.advance(300_000);
  expect(worker.pool.counts()).toMatchObject([{ examId: 7, wanted: 2, warm: 2, env: A }]);
  expect((await worker.mirror.loadAsked())?.overrides.get(7), 'and written down again').toEqual(A);
});

test('a desktop left by a student who gave up does not become a level when Redis is emptied', async () => {
  const worker = new OneWorker().start();
  await worker.time.advance(1_000);
  void worker.pool.allocate({ examId: 7, userId: 1 });
  await worker.time.advance(100);
  worker.crash();
  worker.mirror.asked = undefined;
  worker.start();
  await worker.time.advance(300_000);
  expect(worker.engine.names()).toEqual([]);
});

test('a level asked for before the memory is read does not wipe the others’', async () => {
  const worker = new OneWorker().start();
  await prewarmed(worker, 7, 1, A);
  worker.crash();
  worker.mirror.away = true;
  worker.start();
  await prewarmed(worker, 8, 1, B);
  worker.mirror.away = false;
  await prewarmed(worker, 8, 2);
  await worker.time.advance(20_000);
  expect(worker.pool.counts()).toMatchObject([
    { examId: 7, wanted: 1, env: A },
    { examId: 8, wanted: 2, env: B },
  ]);
});

test('what was asked reads back as it was written; a text that is none of ours is no memory', () => {
  const asked = {
    wanted: new Map([
      [7, 0],
      [8, 3],
    ]),
    overrides: new Map([
      [7, A],
      [9, B],
    ]),
    isKnown: true,
  };
  const back = decodeAsked(encodeAsked(asked));
  expect(back?.wanted).toEqual(asked.wanted);
  expect(back?.overrides).toEqual(asked.overrides);
  expect(back?.isKnown).toBe(true);
  for (const text of ['', '{', '[]', '{"exams":{"x":{}}}', '{"isKnown":true,"exams":{"7":{"count":-1,"env":{}}}}'])
    expect(decodeAsked(text)).toBeUndefined();
});
