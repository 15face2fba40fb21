import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.ts';

interface Beat {
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
  readonly body: any;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const rig = new Rig({ name: 'heart' });
const beats: Beat[] = [];
let answerWith = 201;
// Stands for the control-plane, which is somebody else's system: keeps what it gets at the contract's path only.
const controlPlane = createServer(async (request, response) => {
  if (request.method === 'POST' && request.url === '/api/vdi/workers/heartbeat') {
    beats.push({ headers: request.headers, body: await json(request) });
    response.statusCode = answerWith;
  } else response.statusCode = 404;
  response.end('{}');
});
let heart: ReturnType<typeof spawn>;
let log = '';

const nextBeat = async (fits: (beat: Beat) => boolean = () => true): Promise<Beat> => {
  const from = beats.length;
  return rig.until('a beat', async () => beats.slice(from).find(fits), 40_000);
};
const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  WORKER_CODE: rig.code,
  WORKER_NAME: 'Heart test',
  WORKER_API_BASE_URL: 'http://203.0.113.20:3000',
  CONTROL_PLANE_API_BASE: `http://127.0.0.1:${(controlPlane.address() as AddressInfo).port}/api/`,
  WORKER_CLUSTER_TOKEN: rig.clusterToken,
  BACKEND_URL: rig.url,
  HEARTBEAT_INTERVAL_SEC: '1',
  WORKER_TOTAL_CPUS: '8',
  WORKER_TOTAL_MEMORY_MB: '12288',
});

beforeAll(async () => {
  controlPlane.listen(0, '127.0.0.1');
  await Promise.all([once(controlPlane, 'listening'), rig.start()]);
  heart = spawn(process.execPath, ['src/heartbeat.ts'], { cwd: root, env: environment() });
  for (const stream of [heart.stdout, heart.stderr]) stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
});
afterAll(async () => {
  heart?.kill();
  controlPlane.close();
  await rig.stop();
});

describe('the heartbeat', () => {
  test('is the contract’s, field by field', async () => {
    const beat = await nextBeat(({ body }) => body.metadata.ready === true);
    expect(beat.headers['x-worker-token']).toBe(rig.clusterToken);
    expect(beat.body).toEqual({
      code: rig.code,
      name: 'Heart test',
      apiBaseUrl: 'http://203.0.113.20:3000',
      totalCpuCores: 8,
      totalMemoryMb: 12288,
      reservedCpuCores: 1,
      reservedMemoryMb: 1024,
      vmCpuCores: 1.5,
      vmMemoryMb: 2048,
      activeSessions: 0,
      metadata: expect.objectContaining({ backend: 'up', ready: true, reasons: [] }),
    });
  });

  test('counts students’ desktops, not the warm ones', async () => {
    // A cold desktop may not be there in the caller's time on a busy machine: he tries again, as the control-plane does.
    await rig.until(
      'a desktop',
      async () => (await rig.call('/api/vdi/cluster/allocate', { examId: 5, userId: 1 })).status === 200,
    );
    await rig.call('/api/vdi/cluster/prewarm', { examId: 5, count: 2 });
    const beat = await nextBeat(({ body }) => body.metadata.pools[0]?.warm === 2);
    expect(beat.body.activeSessions).toBe(1);
  });

  test('goes on when the backend is down, says so, and keeps the last known count', async () => {
    await rig.stopWorker('SIGKILL');
    const down = await nextBeat(({ body }) => body.metadata.backend === 'down');
    expect(down.body.activeSessions).toBe(1);
    expect(down.body.metadata).toMatchObject({ ready: false, reasons: [expect.stringContaining('worker_backend')] });
    await rig.startWorker();
    await nextBeat(({ body }) => body.metadata.ready === true);
  });

  test('a refusal is logged once, with the variable to look at, and beats go on', async () => {
    answerWith = 401;
    await nextBeat();
    await nextBeat();
    await nextBeat();
    answerWith = 201;
    await nextBeat();
    const refusals = log.split('\n').filter((line) => line.includes('refused (401)'));
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toContain('WORKER_CLUSTER_TOKEN');
    expect(log).not.toContain(rig.clusterToken);
  });
});

describe('a start with a secret unset', () => {
  test.each([
    ['src/worker.ts', 'WORKER_CLUSTER_TOKEN'],
    ['src/worker.ts', 'JWT_SECRET'],
    ['src/worker.ts', 'GUAC_TOKEN_KEY'],
    ['src/heartbeat.ts', 'WORKER_CLUSTER_TOKEN'],
  ])('%s stops and names %s', async (program, secret) => {
    const env = {
      ...environment(),
      JWT_SECRET: rig.jwtSecret,
      GUAC_TOKEN_KEY: rig.guacTokenKey,
      EXAM_NETWORK: 'x',
      [secret]: '',
    };
    const started = spawn(process.execPath, [program], { cwd: root, env });
    let said = '';
    started.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = await once(started, 'exit');
    expect(code).not.toBe(0);
    expect(said).toContain(secret);
    expect(said).not.toContain(rig.clusterToken);
  });
});
