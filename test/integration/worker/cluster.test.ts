import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unanswered } from '../../rig/openapi.ts';
import { Rig } from '../../rig/rig.ts';

const rig = new Rig({ name: 'cluster' });
const warm = (examId: number, count: number) =>
  rig.until(`${count} warm for exam ${examId}`, async () => {
    const { pools } = (await rig.call('/api/vdi/cluster/status')).body;
    return pools.some((pool: { examId: number; warm: number }) => pool.examId === examId && pool.warm >= count);
  });
const allocate = (examId: number, userId: number) => rig.call('/api/vdi/cluster/allocate', { examId, userId });
/** Tries again while a desktop comes up, as the control-plane does. */
const seated = (examId: number, userId: number) =>
  rig.until(`a desktop for student ${userId}`, async () => {
    const answer = await allocate(examId, userId);
    return answer.status === 200 && answer;
  });
/** What is the same at each call of a student. */
const desktopIn = ({ ip, containerId, containerName }: Record<string, string>) => ({ ip, containerId, containerName });
const release = (examId: number, userId: number) => rig.call('/api/vdi/cluster/release', { examId, userId });
const named = async (name: string) => (await rig.desktops()).filter((desktop) => desktop.Names[0] === `/${name}`);

beforeAll(() => rig.start());
afterAll(() => rig.stop());

describe('the cluster token', () => {
  test.each(['allocate', 'release', 'prewarm', 'reconcile'])(
    '%s without it, or with a wrong one, is 401 and changes nothing',
    async (call) => {
      const body = { examId: 1, userId: 1, count: 1 };
      expect((await rig.call(`/api/vdi/cluster/${call}`, body, {})).status).toBe(401);
      expect((await rig.call(`/api/vdi/cluster/${call}`, body, { 'x-cluster-token': 'wrong' })).status).toBe(401);
      expect((await rig.call(`/api/vdi/cluster/${call}`, body, { 'x-cluster-token': '' })).status).toBe(401);
      expect(await rig.desktops()).toEqual([]);
    },
  );
});

describe('a bad body', () => {
  test.each([
    ['allocate', {}, ['userId', 'examId']],
    ['allocate', { userId: 0, examId: 7 }, ['userId']],
    ['allocate', { userId: '5', examId: 7 }, ['userId']],
    ['release', { userId: 5 }, ['examId']],
    ['prewarm', { examId: 7, count: -1 }, ['count']],
    ['prewarm', { examId: 7, count: 100_000 }, ['count']],
    ['allocate', [], ['body']],
  ])('%s %j is 400 and names %j', async (call, body, fields) => {
    const answer = await rig.call(`/api/vdi/cluster/${call}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body.fields.map((complaint: { field: string }) => complaint.field)).toEqual(fields);
    expect(await rig.desktops()).toEqual([]);
  });

  test('text that is no JSON is 400', async () => {
    expect((await rig.call('/api/vdi/cluster/allocate', '{"userId":')).status).toBe(400);
  });
});

describe('the contract', () => {
  test('prewarm answers its four numbers at once and fills in the background', async () => {
    const began = Date.now();
    const answer = await rig.call('/api/vdi/cluster/prewarm', { examId: 7, count: 2 });
    expect(Date.now() - began).toBeLessThan(2_000);
    expect(answer.body).toEqual({ requested: 2, created: 2, failed: 0, poolAvailable: 0 });
    await warm(7, 2);
    expect((await rig.call('/api/vdi/cluster/prewarm', { examId: 7, count: 2 })).body).toEqual({
      requested: 2,
      created: 0,
      failed: 0,
      poolAvailable: 2,
    });
  });

  test('a pool desktop and a student’s are named as operators know them, and Redis mirrors both', async () => {
    await warm(7, 1);
    const redis = new Redis(`redis://${await rig.addressOf('redis')}`);
    const pooled = (await rig.desktops()).map((desktop) => desktop.Names[0]?.slice(1) ?? '');
    for (const name of pooled) expect(name).toMatch(/^exam_7_pool_[a-z0-9]+$/);
    expect((await redis.smembers('vdi:pool:exam:7:available')).sort()).toEqual(pooled.sort());

    const { status, body } = await seated(7, 42);
    expect(status).toBe(200);
    expect(body).toEqual({
      ip: expect.stringMatching(/^10\./),
      containerId: expect.stringMatching(/^[0-9a-f]{64}$/),
      containerName: 'exam_7_u42',
      // Another at each call (docs/adr/0018).
      connection: expect.any(Object),
    });
    expect((await named('exam_7_u42'))[0]?.Id).toBe(body.containerId);
    const session = JSON.parse((await redis.get('vdi:session:exam:7:user:42')) ?? '{}');
    expect(session).toMatchObject({ containerName: 'exam_7_u42', source: 'pool' });
    redis.disconnect();
  });

  test('the same student gets the same desktop again, and release ends it; releasing once more is success', async () => {
    const first = (await seated(7, 42)).body;
    expect((await allocate(7, 42)).body).toMatchObject(desktopIn(first));
    const answer = await release(7, 42);
    expect([answer.status, typeof answer.body.message]).toEqual([200, 'string']);
    expect(await named('exam_7_u42')).toEqual([]);
    expect((await release(7, 42)).status).toBe(200);
    expect((await release(99, 4242)).status).toBe(200);
  });

  test('twenty allocates at once for one student give one containerId and one container', async () => {
    await warm(7, 1);
    const answers = await Promise.all(Array.from({ length: 20 }, () => allocate(7, 50)));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.body.containerId}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(await named('exam_7_u50')).toHaveLength(1);
  });

  test('with an empty pool a desktop is made within the caller’s time', async () => {
    const answer = await allocate(8, 1);
    expect(answer.status).toBe(200);
    expect(await named('exam_8_u1')).toHaveLength(1);
    await release(8, 1);
  });

  test('over the slots allocate is 503 with a reason and Retry-After, and makes nothing', async () => {
    // The students after this need exam 7's desktops, and a refill gives way to students at work.
    await warm(7, 2);
    await rig.call('/api/vdi/cluster/prewarm', { examId: 7, count: 0 });
    const { maxSessions } = (await rig.call('/api/vdi/cluster/status')).body;
    const asked = await rig.call('/api/vdi/cluster/prewarm', { examId: 9, count: maxSessions });
    expect(asked.body.created + asked.body.poolAvailable + asked.body.failed).toBe(maxSessions);
    await rig.until('host full', async () => (await rig.desktops()).length >= maxSessions);
    // Students at work at all of them: idle ones of another exam would give way.
    const others: number[] = [];
    await rig.until('no desktop for one more', async () => {
      const userId = 100 + others.length;
      const { status } = await allocate(9, userId);
      if (status === 200) others.push(userId);
      return others.length > 0 && (await rig.call('/api/vdi/cluster/status')).body.activeSessions >= maxSessions;
    });
    const answer = await allocate(10, 1);
    expect([answer.status, answer.body.error]).toEqual([503, 'host-full']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await rig.desktops()).length).toBeLessThanOrEqual(maxSessions);
    await rig.call('/api/vdi/cluster/prewarm', { examId: 9, count: 0 });
    for (const userId of others) await release(9, userId);
  });
});

describe('what must not happen to a running student', () => {
  test('a crash of the worker changes nobody’s desktop; the next one adopts it', async () => {
    const before = (await seated(7, 60)).body;
    await rig.stopWorker('SIGKILL');
    await rig.startWorker();
    expect((await allocate(7, 60)).body).toMatchObject(desktopIn(before));
    await rig.until(
      'session counted',
      async () => (await rig.call('/api/vdi/cluster/status')).body.activeSessions >= 1,
    );
  });

  test('an allocate right after a crash between claim and answer finds the claimed desktop', async () => {
    const before = (await seated(7, 61)).body;
    await rig.stopWorker('SIGKILL');
    await rig.startWorker();
    const answers = await Promise.all([allocate(7, 61), allocate(7, 61), allocate(7, 61)]);
    expect(answers.map((answer) => answer.body.containerId)).toEqual([
      before.containerId,
      before.containerId,
      before.containerId,
    ]);
    await release(7, 61);
  });

  test('a desktop that was killed comes back for its student with its files', async () => {
    const before = (await seated(7, 60)).body;
    await rig.exec(before.containerId, ['sh', '-c', 'echo precious > /home/student/workspace/answer.txt'], 'student');
    const container = rig.docker.getContainer(before.containerId);
    const { StartedAt } = (await container.inspect()).State;
    await container.kill();
    await rig.until('started again by itself', async () => {
      const { State } = await container.inspect();
      return State.Running && State.StartedAt !== StartedAt;
    });
    const after = await seated(7, 60);
    expect(after.body).toMatchObject(desktopIn(before));
    const file = await rig.exec(before.containerId, ['cat', '/home/student/workspace/answer.txt']);
    expect(file.output.trim()).toBe('precious');
  });

  test('Redis emptied: sessions are still known and written again', async () => {
    const before = (await seated(7, 60)).body;
    await rig.exec(rig.container('redis').id, ['redis-cli', 'flushall']);
    await rig.container('redis').restart({ t: 1 });
    expect((await allocate(7, 60)).body).toMatchObject(desktopIn(before));
    await rig.until('session written again', async () => {
      const key = await rig.exec(rig.container('redis').id, ['redis-cli', 'exists', 'vdi:session:exam:7:user:60']);
      return key.output.includes('1');
    });
  });

  test('a rebuilt exam image keeps a running student’s desktop', async () => {
    const before = (await seated(7, 60)).body;
    const image = `vdi-test-rebuilt:${rig.code}`;
    const container = rig.docker.getContainer(before.containerId);
    // A commit of any desktop is an image with another id, as a rebuild gives.
    const [repo, tag] = image.split(':');
    await container.commit({ repo, tag, pause: false });
    try {
      await rig.stopWorker();
      rig.setEnv({ EXAM_IMAGE_NAME: image });
      await rig.startWorker();
      expect((await allocate(7, 60)).body).toMatchObject(desktopIn(before));
      await rig.call('/api/vdi/cluster/reconcile', {});
      expect((await named('exam_7_u60'))[0]?.Id).toBe(before.containerId);
    } finally {
      await rig.docker.getImage(image).remove({ force: true });
    }
  });
});

// Every answer of a rig is held to docs/openapi.yaml; these are the calls that nothing above has made.
test('each call of the document answers well, as it says', async () => {
  for (const path of [
    '/healthz',
    '/readyz',
    '/openapi.yaml',
    '/metrics',
    '/api/vdi/cluster/history?examId=7&userId=60',
  ])
    expect([path, (await rig.call(path)).status]).toEqual([path, 200]);
  for (const path of ['reconcile?dryRun=true', 'drain'])
    expect((await rig.call(`/api/vdi/cluster/${path}`, { draining: false })).status).toBe(200);
  expect(unanswered('worker')).toEqual([]);
});
