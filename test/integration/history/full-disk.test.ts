import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { imageReference } from '../../rig/images.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

// In a container, because a small file system of its own needs no root there.
test('a full disk loses nothing: events wait in memory, and are written in order when there is room again', async () => {
  const { stdout } = await promisify(execFile)('docker', [
    ...['run', '--rm', '--label', 'vdi.test=ledger', '--network', 'none', '--tmpfs', '/small:size=1m,mode=1777'],
    ...['--volume', `${root}:/app:ro`, '--workdir', '/app', imageReference('NODE_IMAGE')],
    ...['node', 'test/integration/history/full-disk.ts', '/small'],
  ]);
  const { full, after, said, kept, inOrder } = JSON.parse(stdout);
  expect(full).toMatchObject({ waiting: 2_000, dropped: 0, diskError: expect.stringMatching(/disk full|ENOSPC/) });
  expect(after).toMatchObject({ waiting: 2_000, dropped: 0, diskError: null });
  expect({ kept, inOrder }).toEqual({ kept: 2_000, inOrder: true });
  expect(said, 'told once each').toEqual([
    'the outbox cannot be written; events are in memory only',
    'the outbox is written to the disk again',
  ]);
});
