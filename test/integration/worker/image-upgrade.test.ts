import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';

const [repo, tag] = ['vdi-test-upgrade', randomBytes(3).toString('hex')];
const rig = new Rig({
  name: 'upgrade',
  env: { EXAM_BROWSER_AUTOSTART: 'false', EXAM_IMAGE_NAME: `${repo}:${tag}` },
});
const examId = process.pid * 1000 + 3;
const WANTED = 2;

interface Shown {
  readonly name: string;
  readonly state: string;
  readonly imageId: string;
}
const shown = async (): Promise<Shown[]> => (await rig.call('/api/vdi/cluster/status')).body.desktops;
const warm = async (): Promise<Shown[]> =>
  (await shown()).filter(({ name, state }) => name.includes('_pool_') && state === 'warm');

beforeAll(async () => {
  await rig.docker.getImage(imageReference('EXAM_IMAGE_NAME')).tag({ repo, tag });
  await rig.start();
});
afterAll(async () => {
  await rig.stop();
  await rig.docker.getImage(`${repo}:${tag}`).remove({ force: true });
});

test('a rebuilt image rolls over the free desktops, never fewer than asked for; a student’s stays as it is', async () => {
  await rig.call('/api/vdi/cluster/prewarm', { examId, count: WANTED });
  await rig.until('the pool', async () => (await warm()).length >= WANTED, 60_000);
  const student = (await rig.call('/api/vdi/cluster/allocate', { examId, userId: 1 })).body.containerId;
  await rig.until('the pool full again', async () => (await warm()).length >= WANTED, 60_000);
  const before = (await warm())[0]?.imageId;
  // A commit of any desktop is an image with another id, as a rebuild gives.
  const made = await rig.docker.getContainer(student).commit({ repo, tag, pause: false });
  let least = WANTED;
  await rig.until(
    'every free desktop of the new image',
    async () => {
      const now = await warm();
      least = Math.min(least, now.length);
      const all = (await shown()).filter(({ name }) => name.includes('_pool_'));
      return all.length === WANTED && now.length === WANTED && all.every(({ imageId }) => imageId === made.Id);
    },
    90_000,
  );
  expect(least).toBe(WANTED);
  expect((await rig.docker.getContainer(student).inspect()).Image).toBe(before);
  expect((await rig.call('/api/vdi/cluster/allocate', { examId, userId: 1 })).body.containerId).toBe(student);
});
