import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callKey, signedWith } from '../../../src/callers/call-signature.ts';
import { requestFields, withRequestId } from '../../../src/callers/request-context.ts';
import { httpWorkerCalls } from '../../../src/control-plane/worker-calls.ts';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import { type AppPorts, workerApp } from '../../../src/http/app.ts';
import { Readiness } from '../../../src/http/readiness.ts';
import { workerStatus } from '../../../src/http/status.ts';
import type { Allocation, Refusal } from '../../../src/pool/allocate.ts';
import { EngineDown, ImageMissing } from '../../../src/pool/ports.ts';
import { openDoor } from './door.ts';

const TOKEN = 'the-token-of-the-cluster';
const PREVIOUS = 'the-token-before-it';
const desktop: Desktop = {
  containerId: 'c1',
  name: 'exam_7_u42',
  place: { kind: 'seat', seat: { examId: 7, userId: 42 } },
  labels: { worker: 'w', examId: 7, desktopId: 'a', imageId: 'sha256:one', template: 't' },
  ip: '10.213.1.7',
  state: 'warm',
  createdAt: 1_800_000_000_000,
};

let server: Server;
let base: string;
let reasons: string[];
let allocation: () => Promise<Allocation>;
let calls: unknown[][];
let logged: Record<string, unknown>[];
let within: number | undefined;

beforeEach(async () => {
  reasons = [];
  calls = [];
  logged = [];
  const door = openDoor({ tokens: [TOKEN, PREVIOUS] });
  door.time.now = Date.now();
  allocation = async () => ({ kind: 'seated', desktop });
  const note = (level: string) => (fields: object) => void logged.push({ level, ...fields });
  const ports: AppPorts = {
    ...door,
    callTimeoutMs: 15_000,
    prewarmMax: 200,
    desktopEnv: { EXAM_RESTRICT_INTERNET: 'true' },
    pool: {
      allocate: (seat, withinMs) => {
        calls.push(['allocate', seat]);
        within = withinMs;
        return allocation();
      },
      release: async (seat) => {
        calls.push(['release', seat]);
        return seat.userId === 42;
      },
      prewarm: async (examId, count, overrides) => {
        calls.push(['prewarm', examId, count, ...(overrides ? [overrides] : [])]);
        return { requested: count, created: count, failed: 0, poolAvailable: 0 };
      },
      drain: (draining) => void calls.push(['drain', draining]),
      drainStatus: 'serving',
      reconcile: async (dryRun) => {
        calls.push(['reconcile', dryRun]);
        return { seen: 0, steps: [], done: 0, failed: 0, partial: false };
      },
    },
    connectionOf: async ({ userId }) => ({ url: '/guaclite', token: `of ${userId}`, expiresAt: 'soon' }),
    endSession: async (seat) => void calls.push(['endSession', seat]),
    metrics: async () => ({ type: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    metricsToken: 'the-token-of-metrics',
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    openapi: 'openapi: 3.1.0',
    reasons: () => reasons,
    engine: () => ({ answers: true, failures: 0, retryInMs: 0 }),
    degraded: () => ['database: away'],
    history: async (seat) => ({ ...seat, sessions: [] }),
    status: async () => ({ ready: true }),
  };
  server = createServer(workerApp(ports)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => void server.close());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(base + path, {
    method,
    headers: { 'content-type': 'application/json', 'x-cluster-token': TOKEN, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : { text } };
}

const CALLS: [string, string][] = [
  ['POST', '/api/vdi/cluster/allocate'],
  ['POST', '/api/vdi/cluster/release'],
  ['POST', '/api/vdi/cluster/prewarm'],
  ['POST', '/api/vdi/cluster/reconcile'],
  ['POST', '/api/vdi/cluster/drain'],
  ['GET', '/api/vdi/cluster/status'],
];

describe.each(CALLS)('%s %s', (method, path) => {
  test.each<[string, () => Promise<Response>]>([
    ['no token', () => fetch(base + path, { method })],
    ['a wrong token', () => fetch(base + path, { method, headers: { 'x-cluster-token': 'wrong' } })],
    ['an empty token', () => fetch(base + path, { method, headers: { 'x-cluster-token': '' } })],
    ['a token cut short', () => fetch(base + path, { method, headers: { 'x-cluster-token': TOKEN.slice(0, -1) } })],
    [
      'a bad body before the token is looked at',
      () => fetch(base + path, { method, ...(method === 'POST' ? { body: '{' } : {}) }),
    ],
  ])('with %s: 401, and nothing is done', async (_what, call) => {
    const answer = await call();
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain(TOKEN);
    expect(calls).toEqual([]);
  });
});

test.each<[string, Record<string, string>, number]>([
  ['no token', {}, 401],
  ['a wrong bearer token', { authorization: 'Bearer wrong' }, 401],
  ['its own token', { authorization: 'Bearer the-token-of-metrics' }, 200],
  ['the cluster’s token', { 'x-cluster-token': TOKEN }, 200],
])('metrics with %s', async (_what, headers, status) => {
  const answer = await fetch(`${base}/metrics`, { headers });
  expect(answer.status).toBe(status);
  if (status === 200) expect(await answer.text()).toBe('up 1\n');
});

describe('the contract’s answers', () => {
  test('allocate: ip and containerId, and beside them what opens the tunnel', async () => {
    const { status, body } = await ask('POST', '/api/vdi/cluster/allocate', { userId: 42, examId: 7 });
    const connection = { url: '/guaclite', token: 'of 42', expiresAt: 'soon' };
    expect(status).toBe(200);
    expect(body).toEqual({ ip: '10.213.1.7', containerId: 'c1', containerName: 'exam_7_u42', connection });
  });

  test('release ends what opens the tunnel before it takes the desktop away', async () => {
    await ask('POST', '/api/vdi/cluster/release', { userId: 42, examId: 7 });
    const seat = { userId: 42, examId: 7 };
    expect(calls).toEqual([
      ['endSession', seat],
      ['release', seat],
    ]);
  });

  test.each([42, 43])(
    'release of student %i is success with a message, whether he had a desktop or not',
    async (userId) => {
      const { status, body } = await ask('POST', '/api/vdi/cluster/release', { userId, examId: 7 });
      expect(status).toBe(200);
      expect(body).toEqual({ message: expect.stringMatching(/./) });
    },
  );

  test('prewarm: the four numbers and no other', async () => {
    const { body } = await ask('POST', '/api/vdi/cluster/prewarm', { examId: 7, count: 3 });
    expect(body).toEqual({ requested: 3, created: 3, failed: 0, poolAvailable: 0 });
  });

  test('prewarm of none is allowed: it ends the refill', async () => {
    expect((await ask('POST', '/api/vdi/cluster/prewarm', { examId: 7, count: 0 })).status).toBe(200);
  });

  test('reconcile asks for real steps unless a dry run is asked for', async () => {
    await ask('POST', '/api/vdi/cluster/reconcile');
    await ask('POST', '/api/vdi/cluster/reconcile?dryRun=true');
    expect(calls).toEqual([
      ['reconcile', false],
      ['reconcile', true],
    ]);
  });

  test.each(['dryRun=yes', 'dryRun=1', 'dryRun=', 'dryrun=true', 'dryRun=true&dryRun=false'])(
    'a dry run that is mistyped (%s) is 400 and nothing real',
    async (query) => {
      const answer = await ask('POST', `/api/vdi/cluster/reconcile?${query}`);
      expect([answer.status, calls]).toEqual([400, []]);
      expect(answer.body.message).toMatch(/dryRun|dryrun/);
    },
  );
});

describe('a bad body is a 400 that names the field, and nothing is done', () => {
  test.each<[string, string, unknown, string[]]>([
    ['userId missing', 'allocate', { examId: 7 }, ['userId']],
    ['both missing', 'allocate', {}, ['userId', 'examId']],
    ['no body', 'allocate', undefined, ['userId', 'examId']],
    ['userId a string', 'allocate', { userId: '42', examId: 7 }, ['userId']],
    ['userId zero', 'allocate', { userId: 0, examId: 7 }, ['userId']],
    ['userId negative', 'release', { userId: -1, examId: 7 }, ['userId']],
    ['userId a half', 'release', { userId: 1.5, examId: 7 }, ['userId']],
    ['userId beyond what a number holds', 'allocate', { userId: 2 ** 60, examId: 7 }, ['userId']],
    ['examId null', 'release', { userId: 1, examId: null }, ['examId']],
    ['count missing', 'prewarm', { examId: 7 }, ['count']],
    ['count negative', 'prewarm', { examId: 7, count: -1 }, ['count']],
    ['count above VDI_PREWARM_MAX', 'prewarm', { examId: 7, count: 201 }, ['count']],
    ['a list', 'allocate', [], ['body']],
  ])('%s', async (_what, call, body, fields) => {
    const answer = await ask('POST', `/api/vdi/cluster/${call}`, body);
    expect(answer.status).toBe(400);
    expect((answer.body.fields as { field: string }[]).map(({ field }) => field)).toEqual(fields);
    for (const field of fields) expect(answer.body.message).toContain(field);
    expect(calls).toEqual([]);
  });

  test.each(['{"userId":', 'hello', '"text"'])('JSON that is none: %s', async (body) => {
    const answer = await ask('POST', '/api/vdi/cluster/allocate', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toBe('bad_request');
  });

  test('a form instead of JSON names the fields that are missing', async () => {
    const answer = await ask('POST', '/api/vdi/cluster/allocate', 'userId=42', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(answer.status).toBe(400);
  });

  test('a body without end is refused', async () => {
    const answer = await ask('POST', '/api/vdi/cluster/allocate', { userId: 42, examId: 7, more: 'x'.repeat(20_000) });
    expect(answer.status).toBe(413);
  });
});

describe('no desktop now', () => {
  const refusals: Refusal[] = [
    'pool-empty',
    'host-full',
    'engine-down',
    'desktops-failing',
    'draining',
    'image-missing',
    'desktop-restarting',
    'name-taken',
  ];
  test.each(refusals)('because of %s: 503 with the reason and when to try again', async (reason) => {
    allocation = async () => ({ kind: 'refused', reason });
    const answer = await ask('POST', '/api/vdi/cluster/allocate', { userId: 42, examId: 7 });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ error: reason, message: expect.stringMatching(/\w+/) });
    expect(answer.body.retryAfterSec).toBeGreaterThan(0);
    expect(answer.headers.get('retry-after')).toBe(String(answer.body.retryAfterSec));
  });

  test('the engine away is a 503 too, not a failure of ours', async () => {
    allocation = () => Promise.reject(new EngineDown('no socket'));
    const answer = await ask('POST', '/api/vdi/cluster/allocate', { userId: 42, examId: 7 });
    expect([answer.status, answer.body.error]).toEqual([503, 'engine-down']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('a missing exam image is a 503 that says what to do, for every call that needs it', async () => {
    allocation = () => Promise.reject(new ImageMissing('exam image is missing'));
    const answer = await ask('POST', '/api/vdi/cluster/allocate', { userId: 42, examId: 7 });
    expect([answer.status, answer.body.error]).toEqual([503, 'image-missing']);
    expect(answer.body.message).toContain('./start.sh');
  });

  test('what nobody expected is a 500 in JSON, logged once', async () => {
    allocation = () => Promise.reject(new Error('out of luck'));
    const answer = await ask('POST', '/api/vdi/cluster/allocate', { userId: 42, examId: 7 });
    expect([answer.status, answer.body.message]).toEqual([500, 'out of luck']);
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});

describe('the caller’s time', () => {
  const SEAT = { userId: 42, examId: 7 };
  const withDeadline = (ms: string) => ask('POST', '/api/vdi/cluster/allocate', SEAT, { 'x-deadline-ms': ms });

  test.each([
    ['5000', 4000],
    ['60000', 12_000],
    ['1', 80],
  ])('of %s ms: a desktop is waited for no longer than %i', async (ms, most) => {
    await withDeadline(ms);
    expect(within).toBe(most);
  });

  test('that is not told is CLUSTER_API_TIMEOUT_MS', async () => {
    await ask('POST', '/api/vdi/cluster/allocate', SEAT);
    expect(within).toBe(12_000);
  });

  test.each(['soon', '-5', '1.5', ''])('of %j is a 400 that names the header, and nothing is done', async (ms) => {
    const answer = await withDeadline(ms);
    expect([answer.status, calls]).toEqual([400, []]);
    expect((answer.body.fields as { field: string }[])[0]?.field).toBe('x-deadline-ms');
  });

  test('that is over is a 503 that says to try again; what goes on is logged when it is done', async () => {
    const slow = Promise.withResolvers<Allocation>();
    allocation = () => slow.promise;
    const answer = await withDeadline('150');
    expect([answer.status, answer.body.error, answer.headers.get('retry-after')]).toEqual([503, 'deadline', '1']);
    slow.resolve({ kind: 'seated', desktop });
    await expect.poll(() => logged.filter(({ level }) => level === 'warn')).toMatchObject([{ status: 200 }]);
  });

  test('that is over before it fails: the failure is logged all the same', async () => {
    const slow = Promise.withResolvers<Allocation>();
    allocation = () => slow.promise;
    expect((await withDeadline('150')).status).toBe(503);
    slow.reject(new Error('out of luck'));
    await expect
      .poll(() => logged.filter(({ level }) => level === 'error'))
      .toMatchObject([{ error: 'Error: out of luck' }]);
  });
});

describe('a request id', () => {
  const SEAT = { userId: 42, examId: 7 };
  test('of the caller comes back, and stands in the line of his call', async () => {
    const answer = await ask('POST', '/api/vdi/cluster/allocate', SEAT, { 'x-request-id': 'join-17' });
    expect(answer.headers.get('x-request-id')).toBe('join-17');
    await expect
      .poll(() => logged)
      .toMatchObject([
        { level: 'info', requestId: 'join-17', call: 'allocate', ...SEAT, from: '127.0.0.1', status: 200 },
      ]);
  });

  test('is what the pool’s own lines are written under', async () => {
    let seen: object = {};
    allocation = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      seen = requestFields();
      return { kind: 'seated', desktop };
    };
    await ask('POST', '/api/vdi/cluster/allocate', SEAT, { 'x-request-id': 'join-17' });
    expect(seen).toEqual({ requestId: 'join-17' });
  });

  test.each(['', 'two words', 'x'.repeat(129)])('that no log should hold (%j) is another one', async (id) => {
    const answer = await ask('GET', '/api/vdi/cluster/status', undefined, { 'x-request-id': id });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is in the answer to a refused call too, and the refusal is logged without its token', async () => {
    const headers = { 'x-cluster-token': 'a-wrong-one', 'x-request-id': 'join-18' };
    const answer = await ask('POST', '/api/vdi/cluster/allocate', SEAT, headers);
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([401, 'join-18']);
    expect(logged).toMatchObject([{ level: 'warn', why: 'token-wrong', from: '127.0.0.1' }]);
    expect(JSON.stringify(logged)).not.toContain('a-wrong-one');
  });
});

describe('the control-plane’s own caller', () => {
  const worker = () => ({ code: 'worker-02', apiBaseUrl: base, metadata: {} });
  const caller = (...clusterTokens: [string, ...string[]]) => httpWorkerCalls({ clusterTokens, timeoutMs: 1000 });

  test('passes the id of the join and its own time on', async () => {
    const answer = await withRequestId('join-19', () => caller(TOKEN).allocate(worker(), { userId: 42, examId: 7 }));
    expect(answer.ok).toBe(true);
    expect(within).toBeGreaterThan(100);
    expect(within).toBeLessThanOrEqual(800);
    await expect.poll(() => logged).toMatchObject([{ requestId: 'join-19', status: 200 }]);
  });

  test('is let in by a worker that knows the next token already, or has only the one before', async () => {
    expect(await caller(PREVIOUS).drain(worker(), true)).toMatchObject({ ok: true });
    expect(await caller('the-token-after-it', TOKEN).drain(worker(), false)).toMatchObject({ ok: true });
    expect(await caller('the-token-after-it').drain(worker(), true)).toMatchObject({ ok: false, why: 'refused' });
    expect(calls.map(([, draining]) => draining)).toEqual([true, false]);
  });

  test('says why the current token was refused, whatever is wrong with the one before it', async () => {
    const said = ['the clock is 95 s ahead', 'x-cluster-token must be the same'];
    const other = createServer((_request, response) => {
      response.statusCode = 401;
      response.end(said.shift());
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const apiBaseUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const answer = await caller(TOKEN, PREVIOUS).drain({ ...worker(), apiBaseUrl }, true);
    other.close();
    expect(answer).toMatchObject({ ok: false, detail: 'HTTP 401: the clock is 95 s ahead' });
    expect(said).toEqual([]);
  });

  test('takes “still under way” for no answer: there may be a desktop', async () => {
    allocation = () => new Promise(() => undefined);
    expect(await caller(TOKEN).allocate(worker(), { userId: 42, examId: 7 })).toMatchObject({
      ok: false,
      why: 'timeout',
    });
  });

  test.each([
    ['token', true],
    ['signed', false],
  ])('to a worker that says “%s” in its beats: the token goes along (%s), each call is signed', async (says, goes) => {
    const seen: IncomingHttpHeaders[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers);
      response.end('{"drainStatus":"serving"}');
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const apiBaseUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}/behind/a/proxy/`;
    await caller(TOKEN).drain({ code: 'worker-02', apiBaseUrl, metadata: { calls: says } }, false);
    other.close();
    const [{ 'x-signature-time': time, 'x-signature-nonce': nonce, 'x-signature': signature, ...headers } = {}] = seen;
    const call = { method: 'POST', path: '/api/vdi/cluster/drain', body: '{"draining":false}', worker: 'worker-02' };
    const signed = { ...call, time: String(time), nonce: String(nonce) };
    expect(signedWith(signed, String(signature), [callKey(TOKEN)])).toBe(0);
    expect(headers['x-cluster-token'] === TOKEN).toBe(goes);
  });
});

describe('an exam’s own settings in a prewarm call', () => {
  const prewarm = (env: unknown) => ask('POST', '/api/vdi/cluster/prewarm', { examId: 7, count: 1, env });

  test('are handed on as they are', async () => {
    expect((await prewarm({ EXAM_NAME: 'Algorithms' })).status).toBe(200);
    expect(calls).toEqual([['prewarm', 7, 1, { EXAM_NAME: 'Algorithms' }]]);
  });

  test.each<[unknown, string[]]>([
    [{ EXAM_VM_PASSWORD: 'x' }, ['env.EXAM_VM_PASSWORD']],
    [{ EXAM_NAME: 'a\nb', EXAM_RESTRICT_INTERNET: 'false' }, ['env.EXAM_NAME', 'env.EXAM_RESTRICT_INTERNET']],
    [{ EXAM_NAME: 7 }, ['env.EXAM_NAME']],
    ['EXAM_NAME=x', ['env']],
    [null, ['env']],
    [[], ['env']],
  ])('%j is a 400 that names %j, and nothing is done', async (env, fields) => {
    const answer = await prewarm(env);
    expect(answer.status).toBe(400);
    expect((answer.body.fields as { field: string }[]).map(({ field }) => field)).toEqual(fields);
    expect(calls).toEqual([]);
  });
});

describe('drain', () => {
  test.each([true, false])('%s is done and answered', async (draining) => {
    const answer = await ask('POST', '/api/vdi/cluster/drain', { draining });
    expect([answer.status, answer.body]).toEqual([200, { draining, drainStatus: 'serving' }]);
    expect(calls).toEqual([['drain', draining]]);
  });

  test.each([{}, { draining: 'true' }, { draining: 1 }, { draining: null }])(
    '%j is a 400 and nothing is done',
    async (body) => {
      const answer = await ask('POST', '/api/vdi/cluster/drain', body);
      expect([answer.status, (answer.body.fields as { field: string }[])[0]?.field]).toEqual([400, 'draining']);
      expect(calls).toEqual([]);
    },
  );
});

describe('beside the contract', () => {
  test('healthz answers while the process works, without a token', async () => {
    reasons = ['engine: gone'];
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
  });

  test('readyz tells each reason and is 503 while there is one', async () => {
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    reasons = ['engine: gone', 'redis: away'];
    const answer = await fetch(`${base}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      {
        ready: false,
        reasons,
        degraded: ['database: away'],
        drainStatus: 'serving',
        engine: { answers: true, failures: 0, retryInMs: 0 },
      },
    ]);
  });

  test('a history is asked for by exam and student, and by nothing else', async () => {
    const ask = (query: string) =>
      fetch(`${base}/api/vdi/cluster/history?${query}`, { headers: { 'x-cluster-token': TOKEN } });
    expect(await (await ask('examId=7&userId=42')).json()).toEqual({ examId: 7, userId: 42, sessions: [] });
    for (const wrong of [
      'examId=7',
      'examId=7&userId=',
      'examId=7&userId=-1',
      'examId=7&userId=1&userId=2',
      'examId=0x7&userId=1',
    ]) {
      const answer = await ask(wrong);
      expect([wrong, answer.status]).toEqual([wrong, 400]);
      expect(await answer.json()).toMatchObject({ error: 'bad_request' });
    }
  });

  test('the OpenAPI document is served', async () => {
    expect(await (await fetch(`${base}/openapi.yaml`)).text()).toContain('openapi: 3');
  });

  test.each([
    ['GET', '/nothing'],
    ['GET', '/api/vdi/cluster/allocate'],
    ['POST', '/api/vdi/cluster/nothing'],
  ])('%s %s is a 404 in JSON that says where to look', async (method, path) => {
    const answer = await ask(method, path);
    expect([answer.status, answer.body.error]).toEqual([404, 'not_found']);
    expect(answer.body.message).toContain('/openapi.yaml');
  });

  test('nothing says what the server is made with', async () => {
    expect((await fetch(`${base}/healthz`)).headers.get('x-powered-by')).toBeNull();
  });
});

test('the status counts students’ desktops, not the warm ones, and holds no password', () => {
  const pooled: Desktop = {
    ...desktop,
    containerId: 'c2',
    name: 'exam_7_pool_b',
    place: { kind: 'pool', examId: 7, id: 'b' },
  };
  const status = workerStatus({
    pool: {
      desktops: () => [desktop, pooled, { ...desktop, state: 'stopped' }],
      counts: () => [],
      refill: () => ({ held: 0 }),
      drainStatus: 'draining',
      drainState: { draining: true, by: 'worker_nodes', at: 0, unkept: undefined },
      lastFailure: undefined,
    },
    maxSessions: 4,
    room: { count: 1, short: 'memory' },
    reasons: ['redis: away'],
    version: '1',
    connected: new Set(['c1']),
    watchers: () => 0,
    isRecorded: () => false,
    imageId: 'sha256:abc',
    drainTable: 'read',
  });
  expect(status.drain).toEqual({ by: 'worker_nodes', since: '1970-01-01T00:00:00.000Z', table: 'read' });
  expect(status).toMatchObject({ ready: false, activeSessions: 2, maxSessions: 4, lastFailure: null });
  expect(status.desktops.map(({ state, userId, connected }) => [state, userId, connected])).toEqual([
    ['in use', 42, true],
    ['warm', null, false],
    ['stopped', 42, true],
  ]);
  expect(JSON.stringify(status)).not.toMatch(/password|secret|token/i);
});

test('readiness says what is wrong by name, forgets it when it is well, and is not ready before the first look', async () => {
  let engine: Error | undefined = new Error('no socket');
  const readiness = new Readiness({
    engine: async () => {
      if (engine) throw engine;
    },
    redis: async () => undefined,
  });
  expect(readiness.reasons()).toHaveLength(2);
  await readiness.start();
  expect(readiness.reasons()).toEqual(['engine: no socket']);
  readiness.stop();
  engine = undefined;
  await readiness.start();
  expect(readiness.reasons()).toEqual([]);
  readiness.stop();
});
