import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type BackendStatus, type BeatSettings, beat } from '../../../src/heartbeat/beat.ts';
import { Heart } from '../../../src/heartbeat/heart.ts';

const SETTINGS: BeatSettings = {
  code: 'worker-02',
  name: 'Worker 02',
  apiBaseUrl: 'http://203.0.113.20:3000',
  publicPort: 3000,
  tunnelUrl: null,
  host: { cpuCores: 8, memoryMb: 12_288, reservedCpuCores: 1, reservedMemoryMb: 1024 },
  desktop: { cpuCores: 1.5, memoryMb: 2048 },
};
const STATUS: BackendStatus = {
  ready: true,
  reasons: [],
  degraded: ['database: away'],
  version: '0.1.0',
  activeSessions: 3,
  drainStatus: 'draining',
  maxSessions: 4,
  pools: [{ examId: 7 }],
};

describe('the beat', () => {
  test('is the contract’s section 2, field by field', () => {
    expect(beat(SETTINGS, { kind: 'up', status: STATUS })).toEqual({
      code: 'worker-02',
      name: 'Worker 02',
      apiBaseUrl: 'http://203.0.113.20:3000',
      totalCpuCores: 8,
      totalMemoryMb: 12_288,
      reservedCpuCores: 1,
      reservedMemoryMb: 1024,
      vmCpuCores: 1.5,
      vmMemoryMb: 2048,
      activeSessions: 3,
      metadata: {
        version: '0.1.0',
        backend: 'up',
        ready: true,
        reasons: [],
        degraded: ['database: away'],
        drainStatus: 'draining',
        publicPort: 3000,
        tunnelUrl: null,
        pools: [{ examId: 7 }],
      },
    });
  });

  test('with the backend down tells so, why, and the last known count: zero would give its slots away', () => {
    const told = beat(SETTINGS, { kind: 'down', why: 'does not answer in time', last: STATUS });
    expect(told.activeSessions).toBe(3);
    expect(told.metadata).toMatchObject({
      backend: 'down',
      ready: false,
      reasons: ['worker_backend: does not answer in time'],
    });
  });

  test('with a backend never seen counts none and is not ready', () => {
    const told = beat(SETTINGS, { kind: 'down', why: 'cannot be reached', last: undefined });
    expect([told.activeSessions, told.metadata.ready, told.metadata.version]).toEqual([0, false, null]);
  });

  test('with a backend that is up and not ready says its reasons', () => {
    const told = beat(SETTINGS, { kind: 'up', status: { ...STATUS, ready: false, reasons: ['redis: away'] } });
    expect(told.metadata).toMatchObject({ backend: 'up', ready: false, reasons: ['redis: away'] });
  });
});

describe('the heart', () => {
  const T0 = 1_800_000_000_000;
  const INTERVAL = 20_000;
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function serve(
    answer: (path: string, headers: NodeJS.Dict<string | string[]>, body: string) => [number, unknown],
  ): Promise<string> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const [status, json] = answer(String(request.url), request.headers, body);
        response
          .writeHead(status, { 'content-type': 'application/json', connection: 'close' })
          .end(JSON.stringify(json));
      });
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const lines: string[] = [];
  const line = (_fields: object, message: string): void => void lines.push(message);
  const log = { info: line, warn: line, error: line };

  test('goes on beating with the truth when the backend dies, and logs each change once', async () => {
    lines.length = 0;
    let backendStatus = 200;
    const beats: ReturnType<typeof beat>[] = [];
    const tokens = new Set<unknown>();
    const backendUrl = await serve((path, headers) => {
      tokens.add(headers['x-cluster-token']);
      return [path === '/api/vdi/cluster/status' ? backendStatus : 404, STATUS];
    });
    const main = await serve((path, headers, body) => {
      tokens.add(headers['x-worker-token']);
      beats.push(JSON.parse(body));
      return [path === '/api/vdi/workers/heartbeat' ? 201 : 404, {}];
    });
    const heart = new Heart(
      { ...SETTINGS, intervalMs: INTERVAL, clusterToken: 'shared', backendUrl, controlPlaneApiBase: `${main}/api` },
      log,
    );
    expect([await heart.tick(T0), await heart.tick(T0 + INTERVAL)]).toEqual([true, true]);
    backendStatus = 500;
    expect([await heart.tick(T0 + 2 * INTERVAL), await heart.tick(T0 + 3 * INTERVAL)]).toEqual([true, true]);
    expect(beats.map(({ metadata, activeSessions }) => [metadata.backend, activeSessions])).toEqual([
      ['up', 3],
      ['up', 3],
      ['down', 3],
      ['down', 3],
    ]);
    expect([...tokens]).toEqual(['shared']);
    expect(lines).toHaveLength(2);
  });

  test('beats before the interval is over only when what admins see has changed', async () => {
    let activeSessions = 3;
    const backendUrl = await serve(() => [200, { ...STATUS, activeSessions }]);
    const main = await serve(() => [201, {}]);
    const heart = new Heart(
      { ...SETTINGS, intervalMs: INTERVAL, clusterToken: 'shared', backendUrl, controlPlaneApiBase: `${main}/api` },
      log,
    );
    expect(await heart.tick(T0)).toBe(true);
    expect(await heart.tick(T0 + 2_000)).toBeUndefined();
    activeSessions = 4;
    expect(await heart.tick(T0 + 4_000)).toBe(true);
    expect(await heart.tick(T0 + 4_000 + INTERVAL)).toBe(true);
  });

  test('says what to mend when the control-plane refuses the token, never the token', async () => {
    lines.length = 0;
    const main = await serve(() => [401, {}]);
    const settings = {
      ...SETTINGS,
      intervalMs: INTERVAL,
      clusterToken: 'shared-secret',
      backendUrl: 'http://127.0.0.1:1',
      controlPlaneApiBase: `${main}/api`,
    };
    expect(await new Heart(settings, log).tick(T0)).toBe(false);
    expect(lines.join()).toContain('WORKER_CLUSTER_TOKEN');
    expect(lines.join()).not.toContain('shared-secret');
  });

  test('a control-plane that is away, or answers nonsense, ends nothing', async () => {
    const backendUrl = await serve(() => [200, 'hello']);
    const settings = {
      ...SETTINGS,
      intervalMs: INTERVAL,
      clusterToken: 'shared',
      backendUrl,
      controlPlaneApiBase: 'http://127.0.0.1:1/api',
    };
    expect(await new Heart(settings, log).tick(T0)).toBe(false);
  });
});
