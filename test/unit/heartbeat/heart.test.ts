import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { callKey, signedWith } from '../../../src/callers/call-signature.ts';
import type { Beat } from '../../../src/heartbeat/beat.ts';
import { Heart } from '../../../src/heartbeat/heart.ts';
import { SETTINGS } from './settings.ts';

const SHARED = ['shared'] as const;
const STATUS = {
  ready: true,
  reasons: [],
  version: '0.1.0',
  activeSessions: 3,
  maxSessions: 4,
  pools: [{ examId: 7 }],
};

describe('the heart', () => {
  const T0 = 1_800_000_000_000;
  const INTERVAL = 20_000;
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function serve(
    answer: (path: string, headers: NodeJS.Dict<string | string[]>, body: string) => [number, unknown],
    clock = new Date(),
  ): Promise<string> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const [status, json] = answer(String(request.url), request.headers, body);
        response
          .writeHead(status, { 'content-type': 'application/json', connection: 'close', date: clock.toUTCString() })
          .end(JSON.stringify(json));
      });
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const lines: string[] = [];
  const line = (_fields: object, message: string): void => void lines.push(message);
  const ports = { log: { info: line, warn: line, error: line }, left: async () => ({}), random: () => 0 };

  test('goes on beating with the truth when the backend dies, and logs each change once', async () => {
    lines.length = 0;
    let backendStatus = 200;
    const beats: Beat[] = [];
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
      { ...SETTINGS, intervalMs: INTERVAL, clusterTokens: SHARED, backendUrl, controlPlaneApiBase: `${main}/api` },
      ports,
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
      { ...SETTINGS, intervalMs: INTERVAL, clusterTokens: SHARED, backendUrl, controlPlaneApiBase: `${main}/api` },
      ports,
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
      clusterTokens: ['shared-secret'] as const,
      backendUrl: 'http://127.0.0.1:1',
      controlPlaneApiBase: `${main}/api`,
    };
    expect(await new Heart(settings, ports).tick(T0)).toBe(false);
    expect(lines.join()).toContain('WORKER_CLUSTER_TOKEN');
    expect(lines.join()).not.toContain('shared-secret');
  });

  test.each([
    [false, 'shared'],
    [true, undefined],
  ])(
    'asks the backend by signed calls; where only those are taken (%s) the token %s goes along',
    async (requireSigned, token) => {
      const asked: NodeJS.Dict<string | string[]>[] = [];
      const backendUrl = await serve((_path, headers) => {
        asked.push(headers);
        return [200, STATUS];
      });
      const main = await serve((_path, _headers, body) => [
        JSON.parse(body).metadata.calls === (requireSigned ? 'signed' : 'token') ? 201 : 400,
        {},
      ]);
      const settings = { ...SETTINGS, requireSigned, intervalMs: INTERVAL, clusterTokens: SHARED, backendUrl };
      expect(await new Heart({ ...settings, controlPlaneApiBase: `${main}/api` }, ports).tick(T0)).toBe(true);
      const [headers] = asked;
      const [time, nonce, signature] = ['x-signature-time', 'x-signature-nonce', 'x-signature'].map((name) =>
        String(headers?.[name]),
      );
      const call = {
        method: 'GET',
        path: '/api/vdi/cluster/status',
        body: '',
        worker: SETTINGS.code,
        time: time ?? '',
        nonce: nonce ?? '',
      };
      expect([signedWith(call, signature ?? '', [callKey('shared')]), headers?.['x-cluster-token']]).toEqual([
        0,
        token,
      ]);
    },
  );

  test('while the token is being changed: the one that the control-plane takes is told, and the other where that is refused', async () => {
    const backendUrl = await serve(() => [200, STATUS]);
    const told: unknown[] = [];
    let right = 'the previous one';
    const main = await serve((_path, headers) => {
      told.push(headers['x-worker-token']);
      return [headers['x-worker-token'] === right ? 201 : 401, {}];
    });
    const settings = { ...SETTINGS, intervalMs: INTERVAL, backendUrl, controlPlaneApiBase: `${main}/api` };
    const heart = new Heart({ ...settings, clusterTokens: ['the new one', 'the previous one'] }, ports);
    expect([await heart.tick(T0), await heart.tick(T0 + INTERVAL)]).toEqual([true, true]);
    right = 'the new one';
    expect([await heart.tick(T0 + 2 * INTERVAL), await heart.tick(T0 + 3 * INTERVAL)]).toEqual([true, true]);
    const [previous, current] = ['the previous one', 'the new one'];
    expect(told).toEqual([current, previous, previous, previous, current, current]);
  });

  test('a control-plane that is away, or answers nonsense, ends nothing', async () => {
    const backendUrl = await serve(() => [200, 'hello']);
    const settings = {
      ...SETTINGS,
      intervalMs: INTERVAL,
      clusterTokens: SHARED,
      backendUrl,
      controlPlaneApiBase: 'http://127.0.0.1:1/api',
    };
    expect(await new Heart(settings, ports).tick(T0)).toBe(false);
  });

  test('tells the newest state only, and soon, when a control-plane that was away is back', async () => {
    let activeSessions = 3;
    const backendUrl = await serve(() => [200, { ...STATUS, activeSessions }]);
    let status = 503;
    const taken: number[] = [];
    const main = await serve((_path, _headers, body) => {
      if (status === 201) taken.push(JSON.parse(body).activeSessions);
      return [status, {}];
    });
    const settings = { ...SETTINGS, intervalMs: INTERVAL, clusterTokens: SHARED, backendUrl };
    const heart = new Heart({ ...settings, controlPlaneApiBase: `${main}/api` }, ports);
    for (let second = 0; second < 600; second++) {
      activeSessions = 4 + (second % 3);
      await heart.tick(T0 + second * 1000);
    }
    status = 201;
    let waited = 600;
    activeSessions = 9;
    while ((await heart.tick(T0 + waited * 1000)) === undefined) waited++;
    expect(waited - 600).toBeLessThanOrEqual(INTERVAL / 1000);
    expect(taken).toEqual([9]);
  }, 60_000);

  test('takes the control-plane’s clock from its answers, and says when it is far from ours', async () => {
    const backendUrl = await serve(() => [200, STATUS]);
    const beats: Beat[] = [];
    const main = await serve(
      (_path, _headers, body) => {
        beats.push(JSON.parse(body));
        return [201, {}];
      },
      new Date(Date.now() + 300_000),
    );
    const settings = { ...SETTINGS, intervalMs: INTERVAL, clusterTokens: SHARED, backendUrl };
    const heart = new Heart({ ...settings, controlPlaneApiBase: `${main}/api` }, ports);
    await heart.tick(T0);
    await heart.tick(T0 + INTERVAL);
    const { clockAheadMs, degraded } = beats[1]?.metadata ?? {};
    expect(clockAheadMs).toBeGreaterThan(297_000);
    expect(clockAheadMs).toBeLessThan(303_000);
    expect(degraded).toContainEqual(expect.stringMatching(/clock is (299|300|301) s behind/));
  });
});
