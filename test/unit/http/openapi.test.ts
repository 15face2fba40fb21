import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { controlPlaneApp } from '../../../src/control-plane/http/app.ts';
import { workerApp } from '../../../src/http/app.ts';
import { complaints, type Operation, operations, type Side, text } from '../../rig/openapi.ts';
import { routesOf } from '../../rig/routes.ts';
import { openDoor } from './door.ts';

const quiet = () => undefined;
const never = () => Promise.reject(new Error('not asked in this test'));
const log = { info: quiet, warn: quiet, error: quiet };
const worker = workerApp({
  ...openDoor(),
  callTimeoutMs: 1000,
  prewarmMax: 10,
  desktopEnv: {},
  pool: { allocate: never, release: never, prewarm: never, reconcile: never, drain: quiet, drainStatus: 'serving' },
  connectionOf: never,
  endSession: never,
  metrics: never,
  log,
  openapi: text,
  reasons: () => [],
  engine: () => ({ answers: true, failures: 0, retryInMs: 0 }),
  degraded: () => [],
  history: never,
  status: never,
});
// Nothing below it is asked: everything else is asked of the real one (test/integration/control-plane/openapi.test.ts).
const controlPlane = controlPlaneApp({
  assets: new Map(),
  log,
  clock: () => new Date(),
  openapi: text,
  settings: { clusterTokens: ['the-token-of-the-cluster'] },
  databaseAnswers: async () => true,
  stopping: new AbortController().signal,
} as unknown as Parameters<typeof controlPlaneApp>[0]);

const SIDES = [
  ['worker', worker],
  ['control-plane', controlPlane],
] as const;
const servers = new Map<Side, { server: Server; url: string }>();

beforeAll(async () => {
  for (const [side, app] of SIDES) {
    const server = createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    servers.set(side, { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  }
});
afterAll(() => {
  for (const { server } of servers.values()) server.close();
});

test('the document is OpenAPI 3.1 by its own schema', async () => {
  const { valid, errors } = await new Validator().validate(parse(text));
  expect([valid, errors]).toEqual([true, undefined]);
});

test('the contract’s three calls are in it', () => {
  const paths = operations('worker').map(({ path }) => path);
  for (const call of ['allocate', 'release', 'prewarm']) expect(paths).toContain(`/api/vdi/cluster/${call}`);
});

describe.each(SIDES)('the %s', (side, app) => {
  const described = operations(side).map(({ method, path }) => `${method} ${path}`);

  test('has no route that the document does not describe: write it into docs/openapi.yaml', () => {
    expect(routesOf(app).filter((route) => !described.includes(route))).toEqual([]);
  });

  test('has every route that the document describes', () => {
    expect(described.filter((route) => !routesOf(app).includes(route))).toEqual([]);
  });

  test('serves it as it stands', async () => {
    expect(await (await fetch(`${servers.get(side)?.url}/openapi.yaml`)).text()).toBe(text);
  });

  const secured = operations(side).filter(({ security }) => security);
  test.each(secured.map(({ method, path }) => [method, path]))(
    'lets nobody in unasked: %s %s',
    async (method, path) => {
      const answer = await ask(side, { method, path: path.replace(/\{\w+\}/, '1') });
      expect([answer.status, answer.wrong]).toEqual([401, []]);
    },
  );

  const open = operations(side).filter(({ path, security }) => !security && !path.startsWith('/assets/'));
  test.each(open.map(({ method, path }) => [method, path]))(
    'asks for no key where none is named: %s %s',
    async (method, path) => {
      const answer = await ask(side, { method, path });
      expect(answer.status).not.toBe(401);
      expect(answer.wrong).toEqual([]);
    },
  );

  test('answers what does not exist as described', async () => {
    const answer = await ask(side, { method: 'POST', path: side === 'worker' ? '/nothing' : '/api/nothing' });
    expect([answer.status, answer.wrong]).toEqual([404, []]);
  });
});

describe('an answer is not as described', () => {
  const headers = new Headers({ 'content-type': 'application/json' });
  const answered = {
    method: 'POST',
    path: '/api/vdi/cluster/release',
    status: 200,
    headers,
    body: { message: 'gone' },
  };
  test.each<[string, object]>([
    ['when something is missing', { body: {} }],
    ['when something is more', { body: { message: 'gone', extra: 1 } }],
    ['when something is of another kind', { body: { message: 7 } }],
    ['when its status is not named', { status: 201 }],
    ['when it is of another type', { headers: new Headers({ 'content-type': 'text/html' }), body: 'gone' }],
    [
      'when its 503 does not say when to try again',
      { status: 503, body: { error: 'engine-down', message: 'x', retryAfterSec: 5 } },
    ],
    ['when its call is not described', { method: 'PUT' }],
  ])('%s', (_what, change) => {
    expect(complaints('worker', answered)).toEqual([]);
    expect(complaints('worker', { ...answered, ...change })).not.toEqual([]);
  });
});

async function ask(side: Side, { method, path }: Pick<Operation, 'method' | 'path'>) {
  const answer = await fetch(`${servers.get(side)?.url}${path}`, { method });
  const read = await answer.text();
  const { status, headers } = answer;
  const body = headers.get('content-type')?.includes('json') ? JSON.parse(read) : read;
  return { status, wrong: complaints(side, { method, path, status, headers, body }) };
}
