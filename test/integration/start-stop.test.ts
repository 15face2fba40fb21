import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Pack } from './start-shim.ts';

let pack: Pack;
beforeEach(async () => {
  pack = await Pack.lay();
  await pack.write('.env.worker', 'WORKER_CODE=one\n');
});
afterEach(() => pack.clear());

const ENDED = ['compose stop', 'rm --force --volumes exam_7_pool_ab12 exam_7_u42', 'compose down'];

describe('stop.sh with a student at work', () => {
  beforeEach(() => pack.desktops('exam_7_pool_ab12', 'exam_7_u42'));

  test('stops nothing where nobody can be asked, and says what to type', async () => {
    const run = await pack.run('./stop.sh');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('1 student is at work') });
    expect(run.output).toContain('--force');
    expect(await pack.changes()).toEqual([]);
  });

  test('stops nothing on a no', async () => {
    const run = await pack.typeInto('./stop.sh', 'n');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('--keep-desktops') });
    expect(await pack.changes()).toEqual([]);
  });

  test('ends desktops and services on a yes', async () => {
    expect(await pack.typeInto('./stop.sh', 'y')).toMatchObject({ status: 0 });
    expect(await pack.changes()).toEqual(ENDED);
  });

  test('does not ask with --force', async () => {
    expect(await pack.run('./stop.sh --force')).toMatchObject({ status: 0 });
    expect(await pack.changes()).toEqual(ENDED);
  });

  test('leaves the desktops running with --keep-desktops, and does not ask', async () => {
    expect(await pack.run('./stop.sh --keep-desktops')).toMatchObject({ status: 0 });
    expect(await pack.changes()).toEqual(['compose rm']);
  });
});

describe('stop.sh with warm desktops only', () => {
  test('does not ask', async () => {
    await pack.desktops('exam_7_pool_ab12');
    expect(await pack.run('./stop.sh')).toMatchObject({ status: 0 });
    expect(await pack.changes()).toEqual(['compose stop', 'rm --force --volumes exam_7_pool_ab12', 'compose down']);
  });
});

describe('stop.sh where no worker was started', () => {
  test('says so', async () => {
    const run = await pack.run('rm .env.worker && ./stop.sh');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('no worker was started from here') });
  });
});
