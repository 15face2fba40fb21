import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeLabels } from '../../../src/desktop/labels.ts';
import { DockerEngine } from '../../../src/docker/engine.ts';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';

// What a backend leaves that dies in the middle of a create, and what a hand leaves that takes a desktop away.
const rig = new Rig({ name: 'left-over' });
const labelsOf = (worker: string) =>
  encodeLabels({ worker, examId: 5, desktopId: 'dead', imageId: 'sha256:none', template: 't' });
const made: string[] = [];

async function volume(worker: string): Promise<string> {
  const name = `left-over-${randomBytes(4).toString('hex')}`;
  await rig.docker.createVolume({ Name: name, Labels: { ...labelsOf(worker), 'vdi.test': 'left-over' } });
  made.push(name);
  return name;
}

beforeAll(() => rig.start());
afterAll(async () => {
  for (const name of made)
    await rig.docker
      .getVolume(name)
      .remove()
      .catch(() => undefined);
  await rig.stop();
});

test('a desktop that was made but never started is removed with its volume', async () => {
  await rig.stopWorker('SIGKILL');
  const half = await rig.docker.createContainer({
    name: 'exam_5_pool_dead',
    Image: imageReference('NODE_IMAGE'),
    Labels: { ...labelsOf(rig.code), 'vdi.test': 'left-over' },
    HostConfig: {
      Mounts: [{ Type: 'volume', Source: '', Target: '/home', VolumeOptions: { Labels: labelsOf(rig.code) } }],
    } as never,
  });
  const [mount] = (await half.inspect()).Mounts;
  await rig.startWorker();
  await rig.until('its end', async () => (await rig.desktops()).length === 0, 20_000);
  await expect(rig.docker.getVolume(mount?.Name ?? '').inspect()).rejects.toMatchObject({ statusCode: 404 });
});

test('stray are this worker’s volumes that no container has, and none is taken from a container', async () => {
  const engine = new DockerEngine(rig.docker, rig.code, { network: 'none' } as never, {} as never);
  const [stray, others, used] = [await volume(rig.code), await volume(`${rig.code}-other`), await volume(rig.code)];
  const container = await rig.docker.createContainer({
    Image: imageReference('NODE_IMAGE'),
    Labels: { 'vdi.test': 'left-over' },
    HostConfig: { Binds: [`${used}:/home`] },
  });
  try {
    expect(await engine.strayVolumes()).toEqual([{ name: stray, workspace: undefined }]);
    for (const name of [stray, stray, used]) await engine.removeVolume(name);
    const left = (await rig.docker.listVolumes({ filters: JSON.stringify({ label: ['vdi.test=left-over'] }) })).Volumes;
    expect(left.map(({ Name }) => Name).sort()).toEqual([others, used].sort());
  } finally {
    await container.remove({ force: true });
  }
});

test('a volume whose time was over when the worker died is removed when it starts again, not after an hour', async () => {
  await rig.stopWorker('SIGKILL');
  const engine = new DockerEngine(rig.docker, rig.code, { network: 'none' } as never, {} as never);
  const over = await volume(rig.code);
  for (const name of [over, over]) await engine.condemn(name);
  expect(await engine.strayVolumes()).toContainEqual({ name: over, isCondemned: true });
  await rig.startWorker();
  await rig.until('its end', async () => (await rig.volumes()).every((name) => !name.includes(over)), 20_000);
});
