import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';

// A student's files outlive whatever happens to his desktop, and go after their time.
const rig = new Rig({ name: 'workspace', env: { EXAM_WORKSPACE_KEEP_HOURS: '1' } });
const run = promisify(execFile);
const EXAM = 93;
const allocate = (userId: number) => rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId });
const release = (userId: number) => rig.call('/api/vdi/cluster/release', { examId: EXAM, userId });
const seated = (userId: number): Promise<string> =>
  rig.until(
    `a desktop for student ${userId}`,
    async () => {
      const answer = await allocate(userId);
      return answer.status === 200 && (answer.body as { containerId: string }).containerId;
    },
    60_000,
  );
const shell = async (containerId: string, script: string): Promise<string> => {
  const { code, output } = await rig.exec(containerId, ['bash', '-c', script], 'student');
  expect(code, output).toBe(0);
  return output;
};
const nameOf = async (containerId: string) => (await rig.docker.getContainer(containerId).inspect()).Name;
const carriers = async (userId: number): Promise<string[]> => {
  const filters = { label: [`vdi.keeper=${rig.code}`] };
  const names = (await rig.docker.listContainers({ all: true, filters })).map(({ Names }) => Names[0] ?? '');
  return names.filter((name) => name.startsWith(`/exam_${EXAM}_u${userId}_`));
};
const carried = (userId: number, how: 'work' | 'kept') =>
  rig.until(`a carrier that says ${how}`, async () =>
    (await carriers(userId)).find((name) => name.includes(`_${how}_`)),
  );
const write = (containerId: string, text: string) =>
  shell(
    containerId,
    `echo ${text} > ~/workspace/answer.txt && mkdir -p ~/workspace/sub && ln -sf /etc/passwd ~/workspace/sub/link`,
  );
const read = (containerId: string) => shell(containerId, 'cat ~/workspace/answer.txt');
const HOUR_MS = 3_600_000;

beforeAll(() => rig.start());
afterAll(() => rig.stop());

test('a desktop taken away by hand comes back with the same files under the same name, before anybody asks', async () => {
  const first = await seated(1);
  await write(first, 'one');
  await carried(1, 'work');
  const home = (await rig.docker.getContainer(first).inspect()).Mounts.find(
    ({ Destination }) => Destination === '/home',
  );
  await rig.docker.getContainer(first).remove({ force: true });
  // What a hand leaves of the home goes after an hour; not waited for here.
  await rig.docker.getVolume(String(home?.Name)).remove();
  const second = await rig.until(
    'a new desktop',
    async () => {
      const names = (await rig.desktops()).filter(({ Names }) => Names[0] === `/exam_${EXAM}_u1`);
      return names[0]?.Id !== first && names[0]?.Id;
    },
    20_000,
  );
  expect(await seated(1)).toBe(second);
  expect(await read(second)).toContain('one');
  expect(await carriers(1)).toHaveLength(1);
});

test('one that does not start any more is replaced when its student asks', async () => {
  const first = await seated(1);
  const ip = (await rig.docker.getContainer(first).inspect()).NetworkSettings.Networks[`${rig.code}_exam_net`]
    ?.IPAddress;
  await rig.stopWorker('SIGKILL');
  await rig.docker.getContainer(first).kill();
  // Somebody else has its address now.
  const squatter = await rig.docker.createContainer({
    Image: imageReference('NODE_IMAGE'),
    Cmd: ['sleep', '600'],
    Labels: { 'vdi.test': 'workspace' },
    HostConfig: { NetworkMode: `${rig.code}_exam_net`, Init: true },
    NetworkingConfig: { EndpointsConfig: { [`${rig.code}_exam_net`]: { IPAMConfig: { IPv4Address: ip } } } },
  });
  await squatter.start();
  try {
    await expect(rig.docker.getContainer(first).start()).rejects.toThrow(/in use|allocated/i);
    await rig.startWorker();
    const second = await seated(1);
    expect(second).not.toBe(first);
    expect(await nameOf(second)).toBe(`/exam_${EXAM}_u1`);
    expect(await read(second)).toContain('one');
    await expect(rig.docker.getContainer(first).inspect()).rejects.toMatchObject({ statusCode: 404 });
  } finally {
    await squatter.remove({ force: true });
  }
});

test('one that vanished while the worker was down: its files wait, nothing is left beside them, and its student has them again', async () => {
  const first = await seated(1);
  await carried(1, 'work');
  await rig.stopWorker('SIGKILL');
  await rig.docker.getContainer(first).remove({ force: true, v: true });
  await rig.startWorker();
  await carried(1, 'kept');
  const kept = await rig.volumes();
  expect([kept.length, await carriers(1)]).toEqual([1, [expect.stringContaining('_kept_')]]);
  const second = await seated(1);
  expect([await nameOf(second), second === first]).toEqual([`/exam_${EXAM}_u1`, false]);
  expect(await read(second)).toContain('one');
  expect(await carriers(1)).toEqual([expect.stringContaining('_work_')]);
});

test('after a release the files are kept, exported, and given back at the next join, though Redis lost all it had', async () => {
  const first = await seated(2);
  await write(first, 'two');
  expect((await release(2)).status).toBe(200);
  const kept = await carried(2, 'kept');
  expect((await rig.desktops()).map(({ Id }) => Id)).not.toContain(first);

  const folder = await mkdtemp(join(tmpdir(), 'workspace-test-'));
  try {
    const file = join(folder, 'two.tar');
    const scripts = fileURLToPath(new URL('../../../scripts', import.meta.url));
    const bash = (call: string) =>
      run(
        'bash',
        [
          '-c',
          `set -euo pipefail; . "$0/terminal.sh"; env_value() { echo "$2"; }; . "$0/workspace.sh"; ${call}`,
          scripts,
        ],
        {
          env: { ...process.env, ROOT: folder, WORKSPACE_WORKER: rig.code },
        },
      );
    await bash(`workspace_export ${EXAM} 2 ${file}`);
    expect((await run('tar', ['-xOf', file, 'workspace/answer.txt'])).stdout).toBe('two\n');
    expect((await readFile(file)).length).toBeGreaterThan(1_000);
    expect((await bash('workspace_list')).stdout).toMatch(/exam 93 {2}student 2 {2}\d\S*B of 1024 MB {2}kept/i);
    await expect(bash(`workspace_export ${EXAM} 99 ${file}`)).rejects.toThrow(/no workspace/i);
    await expect(bash(`workspace_export x 2`)).rejects.toThrow(/EXAM USER/);
  } finally {
    await rm(folder, { recursive: true });
  }

  await rig.stopWorker('SIGKILL');
  const emptied = await rig.exec(rig.container('redis').id, ['redis-cli', 'flushall']);
  expect(emptied.output).toContain('OK');
  await rig.startWorker();
  const second = await seated(2);
  expect(second).not.toBe(first);
  expect(await read(second)).toContain('two');
  expect(await carried(2, 'work')).toBe(kept.replace(/_kept_(.*)_.*/, '_work_$1'));
});

test('after their time the files are gone, and no volume or container is left', async () => {
  await release(1);
  await release(2);
  const names = [await carried(1, 'kept'), await carried(2, 'kept')];
  // Released longer ago: the name says when.
  for (const name of names) {
    const earlier = name.slice(1).replace(/[0-9a-f]+$/, (at) => (Number.parseInt(at, 16) - HOUR_MS).toString(16));
    await rig.docker.getContainer(name.slice(1)).rename({ name: earlier });
  }
  await rig.until('no volume', async () => (await rig.volumes()).length === 0, 40_000);
  expect([...(await carriers(1)), ...(await carriers(2))]).toEqual([]);
});
