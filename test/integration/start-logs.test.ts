import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Pack } from './start-shim.ts';

let pack: Pack;
beforeEach(async () => {
  pack = await Pack.lay();
  await pack.write('.env.worker', 'WORKER_CODE=one\n');
  await pack.write('no-beat', 'a line of the log\n');
  await pack.write('services', 'worker_guacd\nworker_backend\n');
});
afterEach(() => pack.clear());

// Compose prints nothing and ends with 0 in both cases: an operator took the silence for a service that had nothing to say.
describe('bootstrap-worker.sh logs', () => {
  test('says that nothing runs, where nothing does', async () => {
    const run = await pack.run('./bootstrap-worker.sh logs');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('./start.sh starts it') });
  });

  test('names the services there are, where the name is wrong', async () => {
    await pack.write('containers', 'abc\n');
    const run = await pack.run('./bootstrap-worker.sh logs backend');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('worker_backend worker_guacd') });
  });

  test('shows those of the service that was named', async () => {
    await pack.write('containers', 'abc\n');
    const run = await pack.run('./bootstrap-worker.sh logs worker_guacd');
    expect(run).toEqual({ status: 0, output: 'a line of the log\n' });
  });
});

describe('bootstrap-worker.sh password, before the settings are filled in', () => {
  test('says what starts a console, not that there is one elsewhere', async () => {
    const run = await pack.run('./bootstrap-worker.sh password');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('not filled in yet') });
    expect(run.output).toContain('up --standalone');
  });
});
