import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callKey, signedHeaders } from '../../../src/callers/call-signature.ts';
import { httpWorkerCalls } from '../../../src/control-plane/worker-calls.ts';
import { imageReference } from '../../rig/images.ts';
import { endsByItself, Rig } from '../../rig/rig.ts';

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
    await foreign.remove({ force: true, v: true });
  }
});

test('a desktop made for one who gave up is his at his next call, and another’s before that it is not', async () => {
  // While others come up for the two, one of whom waits.
  const waits = allocate(3).catch(() => 'cut');
  await endsByItself(rig);
  await waits;
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

describe('who calls', () => {
  const restart = async (env: Record<string, string>) => {
    await rig.stopWorker();
    rig.setEnv({ CLUSTER_API_TIMEOUT_MS: '15000', ...env });
    await rig.startWorker();
  };
  const ask = (token: string) =>
    rig.call('/api/vdi/cluster/allocate', { examId, userId: 2 }, { 'x-cluster-token': token });
  const NEXT = 'the-next-token-of-this-cluster';

  test('while the token is changed both are known, and a student at work keeps a good proof; after it one is', async () => {
    const own = (await ask(rig.clusterToken)).body.containerId;
    await restart({ WORKER_CLUSTER_TOKEN: NEXT, WORKER_CLUSTER_TOKEN_PREVIOUS: rig.clusterToken });
    expect((await ask(rig.clusterToken)).body.containerId).toBe(own);
    expect((await ask(NEXT)).body.containerId).toBe(own);
    await rig.until('his proof, made with the key of the previous token, read again', async () => {
      const { desktops, clusterCalls } = (
        await rig.call('/api/vdi/cluster/status', undefined, { 'x-cluster-token': NEXT })
      ).body;
      expect(clusterCalls.previousToken).toMatchObject({ calls: 1, from: '127.0.0.1' });
      const { proof } = desktops.find(({ userId }: { userId: number }) => userId === 2);
      if (proof) expect(proof.result).toBe('good');
      return proof;
    });
    expect(rig.log).toContain('a caller still uses WORKER_CLUSTER_TOKEN_PREVIOUS');
    await restart({ WORKER_CLUSTER_TOKEN: NEXT, WORKER_CLUSTER_TOKEN_PREVIOUS: '' });
    expect((await ask(rig.clusterToken)).status).toBe(401);
    expect((await ask(NEXT)).body.containerId).toBe(own);
    await restart({ WORKER_CLUSTER_TOKEN: rig.clusterToken });
  });

  test('must be allowed and must sign, where that is asked; nothing is played twice, not even over a restart', async () => {
    // From an address of this host that is not loopback: who is inside need not sign.
    const address =
      Object.values(networkInterfaces())
        .flatMap((all) => all ?? [])
        .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '';
    const apiBaseUrl = `http://${address}:${rig.port}`;
    const worker = { code: rig.code, apiBaseUrl, metadata: { calls: 'signed' } };
    const caller = httpWorkerCalls({ clusterTokens: [rig.clusterToken], timeoutMs: 15_000 });
    await restart({ WORKER_REQUIRE_SIGNED_CALLS: 'true', WORKER_ALLOWED_CALLERS: `${address},198.51.100.0/29` });
    const path = '/api/vdi/cluster/drain';
    const body = '{"draining":false}';
    const send = async (headers: Record<string, string>) => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
      const answer = await fetch(apiBaseUrl + path, init);
      return [answer.status, (await answer.json()).error];
    };
    expect(await send({ 'x-cluster-token': rig.clusterToken })).toEqual([401, 'unsigned']);
    expect(await caller.allocate(worker, { examId, userId: 2 })).toMatchObject({ ok: true });
    const call = { method: 'POST', path, body, worker: rig.code };
    const signed = signedHeaders(call, callKey(rig.clusterToken), Date.now());
    expect(await send(signed)).toEqual([200, undefined]);
    expect(await send(signed)).toEqual([401, 'replayed']);
    await restart({});
    expect(await send(signed)).toEqual([503, 'signed-before-start']);
    expect(await send(signedHeaders(call, callKey(rig.clusterToken), Date.now() - 90_000))).toEqual([401, 'clock']);
    expect((await allocate(2)).status).toBe(200);
    await restart({ WORKER_ALLOWED_CALLERS: '198.51.100.0/29' });
    expect(await caller.allocate(worker, { examId, userId: 2 })).toMatchObject({
      ok: false,
      detail: expect.stringContaining(`does not name ${address}`),
    });
    expect((await allocate(2)).status).toBe(200);
    await restart({ WORKER_REQUIRE_SIGNED_CALLS: '', WORKER_ALLOWED_CALLERS: '' });
  });
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
