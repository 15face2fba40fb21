import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Pack } from './start-shim.ts';

let pack: Pack;
beforeEach(async () => {
  pack = await Pack.lay();
});
afterEach(() => pack.clear());

const raise = (environment: Record<string, string> = {}) =>
  pack.run(
    'set -euo pipefail; ROOT=$PWD; . scripts/terminal.sh; . scripts/host-limits.sh; raise_inotify_limit',
    environment,
  );

describe('the host’s limit on inotify instances', () => {
  test('is raised when it is low, for this boot and the next, and it is said', async () => {
    await pack.write('inotify', '128\n');
    const run = await raise();
    expect(run).toMatchObject({ status: 0, output: expect.stringContaining('about 25 desktops: raised to 8192') });
    expect(await pack.read('inotify')).toBe('8192\n');
    expect(await pack.read('60-vdi-worker.conf')).toBe('fs.inotify.max_user_instances=8192\n');
  });

  test('is never lowered', async () => {
    await pack.write('inotify', '65536\n');
    expect(await raise()).toEqual({ status: 0, output: '' });
    expect(await pack.read('inotify')).toBe('65536\n');
  });

  test('that cannot be raised is a warning which names the command, and no failure', async () => {
    // A folder cannot be written, not even by root.
    await pack.run('mkdir limit');
    const shim = { INOTIFY_LIMIT: `${pack.root}/limit` };
    const run = await pack.run(
      'set -euo pipefail; ROOT=$PWD; . scripts/terminal.sh; . scripts/host-limits.sh; cat() { echo 128; }; raise_inotify_limit',
      shim,
    );
    expect(run).toMatchObject({
      status: 0,
      output: expect.stringContaining('as root: sysctl -w fs.inotify.max_user_instances=8192'),
    });
  });
});
