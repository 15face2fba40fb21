import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { workerApp } from '../../../src/http/app.ts';
import { openDoor } from './door.ts';

const text = readFileSync(new URL('../../../docs/openapi.yaml', import.meta.url), 'utf8');
const document: { paths: Record<string, Record<string, unknown>> } = parse(text);
const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method): [string, string] => [method.toUpperCase(), path]),
);
const quiet = () => undefined;
const never = () => Promise.reject(new Error('not asked in this test'));
let server: Server;
let url = '';

beforeAll(async () => {
  const app = workerApp({
    ...openDoor(),
    callTimeoutMs: 1000,
    prewarmMax: 10,
    desktopEnv: {},
    pool: { allocate: never, release: never, prewarm: never, reconcile: never, drain: quiet, drainStatus: 'serving' },
    connectionOf: never,
    endSession: never,
    metrics: never,
    log: { info: quiet, warn: quiet, error: quiet },
    openapi: text,
    reasons: () => [],
    engine: () => ({}),
    degraded: () => [],
    history: never,
    status: async () => ({}),
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

test.each(calls)('%s %s of the document is answered, and asks for the token where it says so', async (method, path) => {
  const answer = await fetch(url + path, { method });
  const secured = path.startsWith('/api/') || path === '/metrics';
  expect(answer.status).toBe(secured ? 401 : 200);
});

test('the contract’s three calls are in it', () => {
  const paths = Object.keys(document.paths);
  for (const call of ['allocate', 'release', 'prewarm']) expect(paths).toContain(`/api/vdi/cluster/${call}`);
});

test('it is served as it stands', async () => {
  expect(await (await fetch(`${url}/openapi.yaml`)).text()).toBe(text);
});
