import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations, unanswered } from '../../rig/openapi.ts';
import { startPostgres } from '../../rig/postgres.ts';
import { CLUSTER_TOKEN, type Console, PASSWORD, startConsole } from './console.ts';
import { type FakeWorker, startFakeWorker } from './fake-worker.ts';

// Console.call holds each answer to docs/openapi.yaml. Here each call of it is made once: the good answer, then bad ones.

let app: Console;
let worker: FakeWorker;
let stopPostgres: () => Promise<void>;
let admin: string;
let student: { id: number; token: string };
let examId: number;
let userId: number;

const EXAM = {
  name: 'Algorithms',
  accessCode: 'CODE-1',
  startTime: '2020-01-01T08:00:00+07:00',
  endTime: '2099-01-01T08:00:00+07:00',
};

beforeAll(async () => {
  const postgres = await startPostgres();
  stopPostgres = postgres.stop;
  app = await startConsole(postgres.address);
  admin = await app.loginAs('admin');
  student = await app.addUser('s1', 'STUDENT');
  worker = await startFakeWorker(CLUSTER_TOKEN, 4, 1);
  await app.beat({ code: 'a', url: worker.url, slots: 4 });
});
afterAll(async () => {
  await worker?.stop();
  await app?.[Symbol.asyncDispose]();
  await stopPostgres?.();
});

/** How each call of the document is made so that it answers well, in an order in which that is possible. */
const WELL: readonly [string, string, () => Promise<unknown>][] = [
  ['GET', '/healthz', () => say('GET', '/healthz')],
  ['GET', '/openapi.yaml', () => say('GET', '/openapi.yaml')],
  ...['/', '/admin', '/play'].map((page): [string, string, () => Promise<unknown>] => [
    'GET',
    page,
    () => say('GET', page),
  ]),
  ['GET', '/assets/{name}', () => say('GET', '/assets/admin.js')],
  [
    'POST',
    '/api/auth/login',
    () => say('POST', '/api/auth/login', { body: { username: 'admin', password: PASSWORD } }),
  ],
  ['GET', '/api/auth/me', () => say('GET', '/api/auth/me', { token: admin })],
  [
    'POST',
    '/api/auth/password',
    async () => {
      const body = { currentPassword: PASSWORD, newPassword: `${PASSWORD}-2` };
      admin = (await say('POST', '/api/auth/password', { token: admin, body })).body.access_token;
    },
  ],
  [
    'POST',
    '/api/users',
    async () => {
      userId = (await say('POST', '/api/users', { token: admin, body: { username: 'made' } })).body.id;
    },
  ],
  ['GET', '/api/users', () => say('GET', '/api/users?limit=1', { token: admin })],
  ['PATCH', '/api/users/{id}', () => say('PATCH', `/api/users/${userId}`, { token: admin, body: { name: 'Lan' } })],
  ['DELETE', '/api/users/{id}', () => say('DELETE', `/api/users/${userId}`, { token: admin })],
  [
    'POST',
    '/api/users/import',
    () => {
      const body = 'username,password,shoe\nan,password-of-an,42\nbinh,short,41\n';
      return say('POST', '/api/users/import', { token: admin, body, type: 'text/csv' });
    },
  ],
  [
    'POST',
    '/api/exams',
    async () => {
      const { body } = await say('POST', '/api/exams', { token: admin, body: EXAM });
      examId = body.id;
    },
  ],
  ['GET', '/api/exams', () => say('GET', '/api/exams', { token: student.token })],
  ['GET', '/api/exams/{id}', () => say('GET', `/api/exams/${examId}`, { token: admin })],
  ['PATCH', '/api/exams/{id}', () => say('PATCH', `/api/exams/${examId}`, { token: admin, body: { isActive: true } })],
  [
    'POST',
    '/api/exams/{id}/prewarm',
    () => say('POST', `/api/exams/${examId}/prewarm`, { token: admin, body: { count: 2 } }),
  ],
  ['GET', '/api/exams/{id}/capacity', () => say('GET', `/api/exams/${examId}/capacity`, { token: admin })],
  ['POST', '/api/exams/{id}/join', () => join()],
  [
    'POST',
    '/api/exams/{id}/join',
    () => {
      const expiresAt = new Date().toISOString();
      worker.beside = { connection: { url: '/guaclite', token: 't', expiresAt, clipboard: 'off', recorded: false } };
      return join();
    },
  ],
  ['GET', '/api/live', () => say('GET', '/api/live', { token: admin })],
  ['GET', '/api/vdi/sessions', () => say('GET', '/api/vdi/sessions', { token: admin })],
  [
    'POST',
    '/api/vdi/sessions/{examId}/{userId}/watch',
    () => say('POST', `/api/vdi/sessions/${examId}/${student.id}/watch`, { token: admin }),
  ],
  ['GET', '/api/vdi/workers', () => say('GET', '/api/vdi/workers', { token: admin })],
  ['GET', '/api/vdi/workers/summary', () => say('GET', '/api/vdi/workers/summary', { token: admin })],
  [
    'PATCH',
    '/api/vdi/workers/{code}',
    () => say('PATCH', '/api/vdi/workers/a', { token: admin, body: { isDraining: false } }),
  ],
  [
    'POST',
    '/api/vdi/workers/heartbeat',
    () => app.beat({ code: 'b', url: worker.url, slots: 1, metadata: { calls: 'signed' } }),
  ],
  ['GET', '/api/vdi/workers/reconcile', () => say('GET', '/api/vdi/workers/reconcile', { token: admin })],
  ['POST', '/api/vdi/workers/reconcile', () => say('POST', '/api/vdi/workers/reconcile', { token: admin })],
  [
    'DELETE',
    '/api/vdi/sessions/{examId}/{userId}',
    () => say('DELETE', `/api/vdi/sessions/${examId}/${student.id}`, { token: admin }),
  ],
  ['POST', '/api/exams/{id}/finish', () => say('POST', `/api/exams/${examId}/finish`, { token: student.token })],
  ['DELETE', '/api/exams/{id}', () => say('DELETE', `/api/exams/${examId}`, { token: admin })],
];

async function say(method: string, path: string, options: { token?: string; body?: unknown; type?: string } = {}) {
  const answer = await app.call(method, path, options);
  expect([method, path, answer.status, answer.body]).toEqual([
    method,
    path,
    answer.status < 300 ? answer.status : '2xx',
    answer.body,
  ]);
  return answer;
}

const join = () => say('POST', `/api/exams/${examId}/join`, { token: student.token, body: { accessCode: 'CODE-1' } });

test.each(WELL)('%s %s answers as the document says', async (_method, _path, call) => {
  await call();
});

test('every call of the document has answered well: one that is new is to be made above', () => {
  expect(unanswered('control-plane')).toEqual([]);
});

describe('a bad call answers as the document says', () => {
  const all = operations('control-plane').map((operation): [string, string, typeof operation] => [
    operation.method,
    operation.path,
    operation,
  ]);
  const at = (path: string, value: string) => path.replace(/\{\w+\}/g, value);
  const call = (method: string, path: string, token?: string, body?: unknown) =>
    app.call(method, path, { ...(token ? { token } : {}), ...(body === undefined ? {} : { body }) });

  test.each(all.filter(([, , { security }]) => security))('%s %s of nobody known', async (method, path) => {
    expect((await call(method, at(path, '1'), 'no.login.at-all')).status).toBe(401);
  });

  test.each(all.filter(([, path, { requestBody }]) => requestBody && !path.endsWith('/heartbeat')))(
    '%s %s with a body that is none, or says nothing',
    async (method, path) => {
      const { body } = await app.call('POST', '/api/exams', { token: admin, body: EXAM });
      const token = path.endsWith('/join') ? student.token : admin;
      const id = path.includes('users') ? student.id : body.id;
      const place = at(path, path.includes('{code}') ? 'a' : String(id));
      const refusals = path.endsWith('/import') ? [400, 415] : [400];
      for (const wrong of ['{broken', '[]', { surely: 'unknown' }])
        expect(refusals).toContain((await call(method, place, token, wrong)).status);
      expect((await call(method, place, token, `{"a":"${'x'.repeat(300_000)}"}`)).status).toBe(413);
    },
  );

  test.each(all.filter(([, path]) => path.startsWith('/api/') && path.includes('{')))(
    '%s %s of what does not exist',
    async (method, path) => {
      const token = /join|finish/.test(path) ? student.token : admin;
      const body = {
        accessCode: 'x',
        count: 1,
        isDraining: true,
        ...(path === '/api/exams/{id}' ? { isActive: true } : {}),
      };
      const answer = await call(
        method,
        at(path, path.includes('sessions') ? 'none' : '999999'),
        token,
        ['GET', 'DELETE'].includes(method) ? undefined : body,
      );
      expect([400, 404]).toContain(answer.status);
    },
  );
});
