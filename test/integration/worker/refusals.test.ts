import { afterAll, beforeAll, expect, test } from 'vitest';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';

const rig = new Rig({ name: 'refusals', env: { EXAM_BROWSER_AUTOSTART: 'false' } });
// Names are one engine's: numbers that no other test's worker has.
const examId = process.pid * 1000;
const allocate = (userId: number) => rig.call('/api/vdi/cluster/allocate', { examId, userId });

beforeAll(() => rig.start());
afterAll(() => rig.stop());

async function refused(answer: Promise<Awaited<ReturnType<typeof allocate>>>, reason: string): Promise<void> {
  const { status, body, headers } = await answer;
  expect([status, body.error]).toEqual([503, reason]);
  expect(body.message).toMatch(/\w+/);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
}

test('a student’s name that another worker of this engine has: said so, the desktop stays for somebody else', async () => {
  const foreign = await rig.docker.createContainer({
    name: `exam_${examId}_u1`,
    Image: imageReference('REDIS_IMAGE'),
    Labels: { 'vdi.test': 'refusals' },
  });
  try {
    const answer = await rig.until('an answer that is no waiting', async () => {
      const one = await allocate(1);
      return one.body.error !== 'pool-empty' && one;
    });
    await refused(Promise.resolve(answer), 'name-taken');
    expect((await allocate(2)).status).toBe(200);
  } finally {
    await foreign.remove({ force: true });
  }
});

test('a desktop made for one who gave up is his at his next call, and another’s before that it is not', async () => {
  await rig.stopWorker();
  // Nobody listens as long as a desktop takes.
  rig.setEnv({ CLUSTER_API_TIMEOUT_MS: '1000' });
  await rig.startWorker();
  await refused(allocate(5), 'pool-empty');
  const made = await rig.until('one that could be taken', async () => {
    const { desktops } = (await rig.call('/api/vdi/cluster/status')).body;
    return desktops.find(
      ({ state, userId }: { state: string; userId: unknown }) => state === 'warm' && userId === null,
    );
  });
  await refused(allocate(6), 'pool-empty');
  expect((await allocate(5)).body).toMatchObject({ ip: made.ip, containerName: `exam_${examId}_u5` });
  await rig.until('another for the other', async () => (await allocate(6)).status === 200);
});

test('without the exam image: allocate and prewarm say so, a student’s desktop is still his', async () => {
  const own = (await allocate(2)).body.containerId;
  await rig.stopWorker();
  rig.setEnv({ EXAM_IMAGE_NAME: 'no-such-image:none', CLUSTER_API_TIMEOUT_MS: '15000' });
  await rig.startWorker();
  await refused(allocate(3), 'image-missing');
  await refused(rig.call('/api/vdi/cluster/prewarm', { examId, count: 1 }), 'image-missing');
  expect((await allocate(2)).body.containerId).toBe(own);
});

test('a desktop larger than what the host has left: the host is full, and status says of what', async () => {
  await rig.stopWorker();
  rig.setEnv({
    EXAM_IMAGE_NAME: imageReference('EXAM_IMAGE_NAME'),
    EXAM_VM_MEMORY_MB: '900000',
    WORKER_TOTAL_MEMORY_MB: '90000000',
  });
  await rig.startWorker();
  await refused(allocate(3), 'host-full');
  const { room, maxSessions } = (await rig.call('/api/vdi/cluster/status')).body;
  expect([room, maxSessions > 1]).toEqual([{ count: 0, short: 'memory' }, true]);
});
