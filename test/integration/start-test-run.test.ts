import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Pack } from './start-shim.ts';

// What CI says of a run, and what it lets pass: ./bootstrap-worker.sh test with parts that fail as they are told.
let pack: Pack;
afterEach(() => pack.clear());

const FAILED =
  ' \u001b[41m FAIL \u001b[49m  integration  test/integration/some.test.ts > a rule\nAssertionError: it does not hold';

/** Runs one part, whose command fails with these words so many times and then passes, and the summary after it. */
async function run(part: string, times: number, words = FAILED) {
  pack = await Pack.lay();
  await mkdir(join(pack.root, '.worker/logs'), { recursive: true });
  await writeFile(join(pack.root, 'words'), words);
  await writeFile(
    join(pack.root, 'command'),
    `echo "$@" >>asked; [ "$(wc -l <asked)" -gt ${times} ] || { cat words; exit 1; }`,
  );
  const script = `ROOT=$PWD; source scripts/terminal.sh; source scripts/test-run.sh; show_worker_logs() { :; }
    part "${part}" bash ./command; summarize; cat asked; ((TESTS_FAILED == 0))`;
  await writeFile(join(pack.root, 'script'), `set -euo pipefail\n${script}`);
  return await pack.run('bash ./script');
}

it('a test that fails once runs again alone, and the summary names it as unsteady, with what it said', async () => {
  const { status, output } = await run('npm test', 1);
  expect(status).toBe(0);
  expect(output).toMatch(
    /--- npm test, the first time\n +FAIL .*some\.test\.ts > a rule\nAssertionError: it does not hold\n/,
  );
  expect(output).toMatch(/UNSTEADY +\d+ s {2}npm test\n1 passed, 0 failed\n\ntest\/integration\/some\.test\.ts\n$/);
});

it('a test that fails twice fails the run, and the last lines say which and why', async () => {
  const { status, output } = await run('npm test', 2);
  expect(status).toBe(1);
  expect(output).toMatch(/AssertionError: it does not hold\n\nFAILED +\d+ s {2}npm test\n0 passed, 1 failed\n/);
});

it.each([
  [
    'more than three files',
    'npm test',
    ['a', 'b', 'c', 'd'].map((file) => ` FAIL  test/${file}.test.ts > x\n`).join(''),
  ],
  ['a run that names no file', 'npm test', 'Error: no such engine'],
  ['a way out of a desktop', 'npm run escape -- --quick', 'sudo: worked'],
  ['types and lint', 'npm run check', 'error TS2322'],
])('%s: no second try', async (_what, part, words) => {
  const { status, output } = await run(part, 1, words);
  expect(status).toBe(1);
  expect(output).toMatch(/\nFAILED .*\n0 passed, 1 failed\n\n$/);
});
