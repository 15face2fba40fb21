import { expect, test, vi } from 'vitest';
import { DrainWatch } from '../../../src/pool/drain-watch.ts';

function watched(answers: (boolean | undefined | Error)[]) {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const heard: boolean[] = [];
  const table = {
    async isDraining() {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { watch: new DrainWatch({ table, log, heard: (said) => heard.push(said) }), log, heard };
}

test('a table that cannot be read is told of once, as is that it can be again; neither changes anything', async () => {
  const { watch, log, heard } = watched([new Error('no right'), new Error('no right'), new Error('away'), true, true]);
  await watch.look();
  await watch.look();
  expect([log.warn.mock.calls.length, watch.problem]).toEqual([1, 'no right']);
  await watch.look();
  expect(log.warn.mock.calls.length).toBe(2);
  expect(heard).toEqual([]);
  await watch.look();
  await watch.look();
  expect([heard, watch.problem, log.info.mock.calls.length]).toEqual([[true, true], undefined, 1]);
});

test('a table without a row of this worker says nothing of it', async () => {
  const { watch, heard } = watched([undefined]);
  await watch.look();
  expect([heard, watch.problem]).toEqual([[], expect.stringContaining('no row')]);
});

test('the start does not wait for a database that does not answer', async () => {
  const table = { isDraining: () => new Promise<boolean>(() => undefined) };
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const watch = new DrainWatch({ table, log, heard: () => undefined });
  const began = performance.now();
  await watch.start();
  watch.stop();
  expect(performance.now() - began).toBeLessThan(3_000);
});
