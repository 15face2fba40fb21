import { createDecipheriv } from 'node:crypto';
import { jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Dispatch } from '../../../src/control-plane/dispatch.ts';
import { liveView } from '../../../src/control-plane/live-view.ts';
import { reconcileUnlessYoung } from '../../../src/control-plane/reconcile.ts';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import { isDatabaseAway } from '../../../src/postgres/away.ts';
import { type DatabaseAddress, openDatabase, type Queryable } from '../../../src/postgres/database.ts';
import { whilePlacing } from '../../../src/postgres/worker-store.ts';
import { admitWatcher } from '../../../src/tunnel/admit-watcher.ts';
import { startPostgres } from '../../rig/postgres.ts';
import { CLUSTER_TOKEN, type Console, GUAC_TOKEN_KEY, JWT_SECRET, PASSWORD, startConsole } from './console.ts';
import { type FakeWorker, startFakeWorker } from './fake-worker.ts';

let address: DatabaseAddress;
let stopPostgres: () => Promise<void>;
let app: Console;
let admin: string;
let a: FakeWorker;
let b: FakeWorker;
let examId: number;
let students = 0;

beforeAll(async () => {
  ({ address, stop: stopPostgres } = await startPostgres());
  app = await startConsole(address);
  admin = await app.loginAs('admin');
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await stopPostgres?.();
});

beforeEach(async () => {
  await app.ports.dispatches
    .scan(0, 1000)
    .then((rows) => Promise.all(rows.map((row) => app.ports.dispatches.drop(row))));
  await a?.stop();
  await b?.stop();
  a = await startFakeWorker(CLUSTER_TOKEN, 4, 1);
  b = await startFakeWorker(CLUSTER_TOKEN, 2, 2);
  await app.beat({ code: 'a', url: a.url, slots: 4, metadata: { publicPort: 3000 } });
  await app.beat({ code: 'b', url: b.url, slots: 2, metadata: { tunnelUrl: 'wss://b.school.test' } });
  for (const code of ['a', 'b']) {
    await app.call('PATCH', `/api/vdi/workers/${code}`, { token: admin, body: { isDraining: false } });
  }
  examId = await newExam();
});

async function newExam(change: object = {}): Promise<number> {
  const body = {
    name: 'Algorithms',
    accessCode: 'CODE-1',
    startTime: new Date(app.now.getTime() - 60_000).toISOString(),
    endTime: new Date(app.now.getTime() + 3_600_000).toISOString(),
    ...change,
  };
  const answer = await app.call('POST', '/api/exams', { token: admin, body });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

const newStudent = () => app.addUser(`s${++students}`, 'STUDENT');
const join = (token: string, exam = examId, accessCode = 'CODE-1') =>
  app.call('POST', `/api/exams/${exam}/join`, { token, body: { accessCode } });

describe('login', () => {
  it('answers a token with the contract’s claims, good for 12 hours', async () => {
    const { body } = await app.call('POST', '/api/auth/login', { body: { username: 'student', password: PASSWORD } });
    expect(body.user).toMatchObject({ username: 'student', role: 'STUDENT' });
    const { payload } = await jwtVerify(body.access_token, new TextEncoder().encode(JWT_SECRET));
    expect(payload).toMatchObject({ sub: body.user.id, username: 'student', role: 'STUDENT' });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(12 * 3600);
  });
  it('refuses a wrong password, an unknown name and a body without one', async () => {
    const attempt = (body: unknown) => app.call('POST', '/api/auth/login', { body });
    expect((await attempt({ username: 'student', password: 'wrong' })).status).toBe(401);
    expect((await attempt({ username: 'nobody', password: PASSWORD })).status).toBe(401);
    const noPassword = await attempt({ username: 'student' });
    expect(noPassword.status).toBe(400);
    expect(noPassword.body.fields[0].field).toBe('password');
    expect((await attempt('{broken')).status).toBe(400);
  });
  it('slows down guessing one name, and only that name', async () => {
    await app.addUser('guessed', 'STUDENT');
    const attempt = () => app.call('POST', '/api/auth/login', { body: { username: 'guessed', password: 'wrong' } });
    for (let i = 0; i < 10; i++) expect((await attempt()).status).toBe(401);
    expect((await attempt()).status).toBe(429);
    expect(await app.loginAs('student')).not.toBe('undefined');
  });
});

describe('who may do what', () => {
  it('asks everybody for a login', async () => {
    for (const path of ['/api/exams', '/api/vdi/workers', '/api/vdi/workers/summary', '/api/vdi/sessions']) {
      expect((await app.call('GET', path)).status).toBe(401);
      expect((await app.call('GET', path, { token: 'nonsense' })).status).toBe(401);
    }
  });
  it('keeps students out of what operators do, and proctors from changing it', async () => {
    const student = await newStudent();
    const proctor = await app.addUser('proctor', 'PROCTOR');
    expect((await app.call('GET', '/api/vdi/workers', { token: student.token })).status).toBe(403);
    expect((await app.call('GET', '/api/vdi/workers', { token: proctor.token })).status).toBe(200);
    for (const { token } of [student, proctor]) {
      expect((await app.call('POST', '/api/exams', { token, body: {} })).status).toBe(403);
      expect((await app.call('POST', '/api/vdi/workers/reconcile', { token })).status).toBe(403);
      expect((await app.call('POST', `/api/exams/${examId}/prewarm`, { token, body: { count: 1 } })).status).toBe(403);
    }
    expect((await join(admin)).status).toBe(403);
  });
});

describe('exams', () => {
  it('names every wrong field', async () => {
    const body = { name: '', accessCode: 'x', startTime: 'tomorrow', endTime: '2026-01-01T00:00:00Z', extra: 1 };
    const answer = await app.call('POST', '/api/exams', { token: admin, body });
    expect(answer.status).toBe(400);
    expect(answer.body.fields.map(({ field }: { field: string }) => field).sort()).toEqual([
      'extra',
      'name',
      'startTime',
    ]);
  });
  it('refuses an end before the start, on create and on change', async () => {
    const times = { startTime: '2026-06-01T10:00:00Z', endTime: '2026-06-01T09:00:00Z' };
    const create = await app.call('POST', '/api/exams', {
      token: admin,
      body: { name: 'x', accessCode: 'x', ...times },
    });
    expect(create.body.fields[0]).toMatchObject({ field: 'endTime', code: 'end_before_start' });
    const change = await app.call('PATCH', `/api/exams/${examId}`, {
      token: admin,
      body: { endTime: '2001-01-01T00:00:00Z' },
    });
    expect(change.status).toBe(400);
  });
  it('refuses the second of two changes, each of one end, that together would end it before its start', async () => {
    const endTime = new Date(app.now.getTime() + 60_000).toISOString();
    const change = () => app.call('PATCH', `/api/exams/${examId}`, { token: admin, body: { endTime } });
    const { status, body } = await meanwhile(change, (db) =>
      db.query(`update exams set "startTime" = "endTime" - interval '1 minute' where id = $1`, [examId]),
    );
    expect([status, body.fields?.[0]]).toMatchObject([400, { field: 'endTime', code: 'end_before_start' }]);
  });
  it('changes only what is said, and deletes', async () => {
    const path = `/api/exams/${examId}`;
    const changed = await app.call('PATCH', path, { token: admin, body: { name: 'Networks' } });
    expect(changed.body).toMatchObject({ name: 'Networks', accessCode: 'CODE-1', isActive: true });
    expect((await app.call('DELETE', path, { token: admin })).status).toBe(200);
    expect((await app.call('GET', path, { token: admin })).status).toBe(404);
  });
  it('does not tell students the access code, nor of exams that are not active', async () => {
    const hidden = await newExam({ isActive: false });
    const { token } = await newStudent();
    const { body } = await app.call('GET', '/api/exams', { token });
    expect(body.map(({ id }: { id: number }) => id)).not.toContain(hidden);
    expect(JSON.stringify(body)).not.toContain('CODE-1');
  });
  it('is not deleted while somebody sits in it', async () => {
    await join((await newStudent()).token);
    expect((await app.call('DELETE', `/api/exams/${examId}`, { token: admin })).status).toBe(409);
  });
});

describe('heartbeat', () => {
  it('is refused without the token and with a wrong one', async () => {
    for (const headers of [{}, { 'x-worker-token': 'wrong' }] as Record<string, string>[]) {
      const response = await fetch(`${app.url}/api/vdi/workers/heartbeat`, { method: 'POST', headers });
      expect(response.status).toBe(401);
    }
  });
  it('gives the slots of the contract’s worked example: 8 vCPU and 12 GB make 4', async () => {
    const response = await fetch(`${app.url}/api/vdi/workers/heartbeat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-worker-token': CLUSTER_TOKEN },
      body: JSON.stringify({
        code: 'example',
        name: 'Example',
        apiBaseUrl: 'http://127.0.0.1:9',
        totalCpuCores: 8,
        totalMemoryMb: 12_288,
        reservedCpuCores: 1,
        reservedMemoryMb: 1024,
        vmCpuCores: 1.5,
        vmMemoryMb: 2048,
        activeSessions: 1,
        metadata: { ready: false },
      }),
    });
    expect(await response.json()).toMatchObject({ maxSessions: 4, availableSessions: 3 });
  });
  it('enables a worker again, and leaves it draining', async () => {
    const change = (body: object) => app.call('PATCH', '/api/vdi/workers/b', { token: admin, body });
    await change({ isDraining: true, isEnabled: false });
    await app.beat({ code: 'b', url: b.url, slots: 2 });
    const { body } = await app.call('GET', '/api/vdi/workers', { token: admin });
    expect(body.find(({ code }: { code: string }) => code === 'b')).toMatchObject({
      isEnabled: true,
      isDraining: true,
      drainStatus: 'drained',
      maxSessions: 2,
    });
  });
  it('is taken with letters that PostgreSQL cannot store in what the worker tells of: it must not turn stale for them', async () => {
    const metadata = { lastError: { text: 'nul \0, half \ud83d' }, '\0key': ['\0'] };
    expect((await app.beat({ code: 'b', url: b.url, slots: 2, metadata })).status).toBe(200);
    const stored = (await app.ports.workers.byCode('b'))?.metadata;
    expect(stored).toMatchObject({ lastError: { text: 'nul \ufffd, half \ufffd' }, '\ufffdkey': ['\ufffd'] });
  });
});

describe('join', () => {
  it('answers the contract’s fields and a token that says where the desktop is', async () => {
    const { id, token } = await newStudent();
    const { status, body } = await join(token);
    expect(status).toBe(200);
    const seat = a.seats.get(`${examId}:${id}`);
    expect(body).toMatchObject({ type: 'rdp', ip: seat?.ip, vmUsername: 'student', tunnelUrl: 'ws://127.0.0.1:3000' });
    const { iv, value } = JSON.parse(Buffer.from(body.token, 'base64').toString());
    const decipher = createDecipheriv('aes-256-cbc', Buffer.from(GUAC_TOKEN_KEY), Buffer.from(iv, 'base64'));
    const plain = Buffer.concat([decipher.update(Buffer.from(value, 'base64')), decipher.final()]).toString();
    expect(JSON.parse(plain).connection).toMatchObject({ type: 'rdp', settings: { hostname: seat?.ip, port: '3389' } });
  });
  it('hands on the worker’s own token where the worker gives one, with the address that browsers reach', async () => {
    const { token } = await newStudent();
    expect((await join(token)).body.connection).toBeUndefined();
    a.beside = { connection: { url: '/guaclite', token: 'the worker’s own', expiresAt: '2026-11-23T10:00:00.000Z' } };
    expect((await join(token)).body.connection).toEqual({
      url: 'ws://127.0.0.1:3000/guaclite',
      token: 'the worker’s own',
      expiresAt: '2026-11-23T10:00:00.000Z',
    });
    a.beside = { connection: 'of another make' };
    const { status, body } = await join(token);
    expect([status, body.connection, typeof body.token]).toEqual([200, undefined, 'string']);
  });
  it('refuses a wrong code, an exam not started, over, not active, unknown', async () => {
    const { token } = await newStudent();
    const hour = 3_600_000;
    const at = (ms: number) => new Date(app.now.getTime() + ms).toISOString();
    expect((await join(token, examId, 'WRONG')).body.error).toBe('wrong_access_code');
    const early = await newExam({ startTime: at(hour), endTime: at(2 * hour) });
    expect((await join(token, early)).body).toMatchObject({ error: 'exam_not_started', startTime: at(hour) });
    const late = await newExam({ startTime: at(-2 * hour), endTime: at(-hour) });
    expect((await join(token, late)).body.error).toBe('exam_over');
    expect((await join(token, await newExam({ isActive: false }))).body.error).toBe('exam_not_active');
    expect((await join(token, 999_999)).status).toBe(404);
    expect((await app.call('POST', `/api/exams/${examId}/join`, { token, body: {} })).body.fields[0].field).toBe(
      'accessCode',
    );
    expect(a.calls.filter((call) => call.includes('allocate'))).toEqual([]);
  });
  it('leads the same student to the same desktop, ten times at once too', async () => {
    const { token } = await newStudent();
    const answers = await Promise.all(Array.from({ length: 10 }, () => join(token)));
    expect(new Set(answers.map(({ body }) => body.ip)).size).toBe(1);
    expect(await app.ports.dispatches.scan(0, 100)).toHaveLength(1);
    expect(a.seats.size + b.seats.size).toBe(1);
  });
  it('sticks to the exam’s worker until it is full, then overflows, then says so', async () => {
    const outcomes = [];
    for (let i = 0; i < 7; i++) outcomes.push(await join((await newStudent()).token));
    expect(outcomes.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 503]);
    expect([a.seats.size, b.seats.size]).toEqual([4, 2]);
    expect(outcomes[6]?.body.error).toBe('no_free_desktop');
  });
  it('tries another worker when one refuses or hangs, and gives back what the slow one may have made', async () => {
    a.mode = 'hangs';
    const { token } = await newStudent();
    const answer = await join(token);
    expect(answer.body).toMatchObject({ ip: '10.2.1.1', tunnelUrl: 'wss://b.school.test' });
    await expect.poll(() => a.calls.some((call) => call.includes('release'))).toBe(true);
    a.mode = 'full';
    expect((await join((await newStudent()).token)).body.ip).toBe('10.2.1.2');
  });
  it('does not move a student whose living worker does not answer: their work is there', async () => {
    const { token } = await newStudent();
    const first = await join(token);
    a.mode = 'hangs';
    const second = await join(token);
    expect([second.status, second.body.error]).toEqual([503, 'worker_not_answering']);
    expect(b.seats.size).toBe(0);
    a.mode = 'works';
    expect((await join(token)).body.ip).toBe(first.body.ip);
  });
  it('moves a student when their worker is gone, and says so', async () => {
    const { token } = await newStudent();
    await join(token);
    await a.stop();
    app.now = new Date(app.now.getTime() + 121_000);
    await app.beat({ code: 'b', url: b.url, slots: 2 });
    const filesLeft = { workerCode: 'a', workerName: 'Worker a', at: app.now.toISOString() };
    expect((await join(token)).body).toMatchObject({ ip: '10.2.1.1', moved: true, filesLeft });
    expect((await join(token)).body, 'at each refresh of the page too').toMatchObject({ moved: false, filesLeft });
    const { body } = await app.call('GET', '/api/vdi/sessions', { token: admin });
    expect(body).toMatchObject([{ workerCode: 'b', filesLeft }]);
    expect((await join((await newStudent()).token)).body.filesLeft).toBeNull();
  });
  it('gives a student whom no other worker could take back to his own, where his work is', async () => {
    const { token } = await newStudent();
    const { ip } = (await join(token)).body;
    a.mode = 'hangs';
    b.mode = 'hangs';
    app.now = new Date(app.now.getTime() + 121_000);
    await app.beat({ code: 'b', url: b.url, slots: 2 });
    expect((await join(token)).status).toBe(503);
    a.mode = 'works';
    b.mode = 'works';
    expect((await join(token)).body).toMatchObject({ ip, moved: false, filesLeft: null });
  });
  it('leaves the desktop at a student’s own worker, where his work is, when that hangs and he is seated elsewhere', async () => {
    const { id, token } = await newStudent();
    await join(token);
    // Two joins that died: one that moved him, one that was to bring him back.
    for (const workerCode of ['b', 'a'])
      await app.ports.dispatches.reserve(
        { userId: id, examId },
        () => ({ kind: 'seat', workerCode, moved: workerCode === 'b' }),
        { now: app.now, affinityUntil: app.now },
      );
    a.mode = 'hangs';
    const release = vi.spyOn(app.ports.calls, 'release');
    expect((await join(token)).body).toMatchObject({ ip: '10.2.1.1', filesLeft: { workerCode: 'a' } });
    expect(release).not.toHaveBeenCalled();
    release.mockRestore();
    expect([...a.seats.keys()]).toEqual([`${examId}:${id}`]);
  });
  it('tells a worker that it drains and that it serves again; one that forgot is told again at its next heartbeat', async () => {
    const told = (worker: FakeWorker) =>
      worker.calls.filter((call) => call.includes('/drain')).map((call) => call.split(' ')[2]);
    const until = async (count: number) => {
      for (let tries = 0; told(a).length < count && tries < 50; tries++) await new Promise((go) => setTimeout(go, 20));
      return told(a).map((body) => JSON.parse(body ?? '{}').draining);
    };
    await app.call('PATCH', '/api/vdi/workers/a', { token: admin, body: { isDraining: true } });
    expect(await until(1)).toEqual([true]);
    await app.beat({ code: 'a', url: a.url, slots: 4, metadata: { drainStatus: 'draining' } });
    await app.beat({ code: 'a', url: a.url, slots: 4, metadata: { drainStatus: 'serving' } });
    expect(await until(2)).toEqual([true, true]);
    await app.beat({ code: 'a', url: a.url, slots: 4, metadata: { drainStatus: 'drained' } });
    await app.call('PATCH', '/api/vdi/workers/a', { token: admin, body: { isDraining: false } });
    expect(await until(3)).toEqual([true, true, false]);
  });
  it('sends nobody to a worker that is draining, disabled, stale or says it is not ready', async () => {
    await app.call('PATCH', '/api/vdi/workers/a', { token: admin, body: { isDraining: true } });
    await app.beat({ code: 'b', url: b.url, slots: 2, metadata: { ready: false } });
    expect((await join((await newStudent()).token)).status).toBe(503);
    app.now = new Date(app.now.getTime() + 121_000);
    await app.call('PATCH', '/api/vdi/workers/a', { token: admin, body: { isDraining: false } });
    expect((await join((await newStudent()).token)).status).toBe(503);
    expect(a.seats.size + b.seats.size).toBe(0);
  });
});

describe('finish', () => {
  it('releases the desktop; what is not there is handed in as well', async () => {
    const { token } = await newStudent();
    await join(token);
    await app.beat({ code: 'a', url: a.url, slots: 4, activeSessions: 1 });
    const finish = () => app.call('POST', `/api/exams/${examId}/finish`, { token });
    expect((await finish()).body.outcome).toBe('released');
    expect(a.seats.size).toBe(0);
    expect((await app.ports.workers.byCode('a'))?.activeSessions).toBe(0);
    expect((await finish()).body.outcome).toBe('nothing_there');
  });
  it('frees one slot for one session, however many end it at once, and none for one that no heartbeat told of', async () => {
    const told = [1, 2].map((userId) => ({ examId, userId, connected: true, watchers: 0, recorded: false }));
    await app.beat({ code: 'a', url: a.url, slots: 4, activeSessions: 2, metadata: { sessions: told } });
    const ended = async (userId: number) => {
      await Promise.all([1, 2].map(() => app.ports.workers.sessionEnded('a', { userId, examId }, app.now)));
      return (await app.ports.workers.byCode('a'))?.activeSessions;
    };
    expect([await ended(1), await ended(3), await ended(2)]).toEqual([1, 1, 0]);
  });
  it('does not fail because of a worker in trouble: reconcile releases later', async () => {
    const { token } = await newStudent();
    await join(token);
    a.mode = 'hangs';
    const answer = await app.call('POST', `/api/exams/${examId}/finish`, { token });
    expect([answer.status, answer.body.outcome]).toEqual([200, 'release_pending']);
    expect((await app.call('GET', '/api/vdi/sessions', { token: admin })).body).toMatchObject([{ state: 'releasing' }]);
    a.mode = 'works';
    const counts = await app.call('POST', '/api/vdi/workers/reconcile', { token: admin });
    expect(counts.body).toMatchObject({ scanned: 1, cleaned: 1, released: 1, mode: 'manual' });
    expect(a.seats.size).toBe(0);
  });
});

describe('prewarm and capacity', () => {
  it('spreads by free slots and answers the sums', async () => {
    const { body } = await app.call('POST', `/api/exams/${examId}/prewarm`, { token: admin, body: { count: 5 } });
    expect(body).toMatchObject({ requested: 5, created: 5, failed: 0, poolAvailable: 5 });
    expect(body.distributed).toEqual([
      { workerCode: 'a', requested: 4, created: 4, failed: 0, poolAvailable: 4 },
      { workerCode: 'b', requested: 1, created: 1, failed: 0, poolAvailable: 1 },
    ]);
    const called = JSON.parse(
      b.calls
        .find((call) => call.includes('/prewarm'))
        ?.split(' ')
        .slice(2)
        .join(' ') ?? '{}',
    );
    expect(called, 'the desktops show the title').toEqual({ examId, count: 1, env: { EXAM_NAME: 'Algorithms' } });
  });
  it('counts as failed what no worker has room for, or what a worker does not answer', async () => {
    b.mode = 'hangs';
    const { body } = await app.call('POST', `/api/exams/${examId}/prewarm`, { token: admin, body: { count: 10 } });
    expect(body).toMatchObject({ requested: 10, created: 4, failed: 6, poolAvailable: 4 });
    expect(body.distributed[1]).toMatchObject({ workerCode: 'b', failed: 2, error: 'timeout' });
  });
  it('wants a count', async () => {
    const answer = await app.call('POST', `/api/exams/${examId}/prewarm`, { token: admin, body: { count: -1 } });
    expect([answer.status, answer.body.fields[0].field]).toEqual([400, 'count']);
  });
  it('with a count of 0 ends the refills on every healthy worker, those that drain too', async () => {
    await app.call('PATCH', '/api/vdi/workers/b', { token: admin, body: { isDraining: true } });
    const { body } = await app.call('POST', `/api/exams/${examId}/prewarm`, { token: admin, body: { count: 0 } });
    expect(body).toMatchObject({ requested: 0, created: 0, failed: 0 });
    expect(body.distributed.map(({ workerCode }: { workerCode: string }) => workerCode)).toEqual(['a', 'b']);
  });
  it('tells warm desktops from the heartbeats and students from the dispatches', async () => {
    await app.beat({
      code: 'a',
      url: a.url,
      slots: 4,
      metadata: {
        pools: [
          { examId, warm: 3 },
          { examId: 1, warm: 9 },
        ],
      },
    });
    await join((await newStudent()).token);
    const { body } = await app.call('GET', `/api/exams/${examId}/capacity`, { token: admin });
    expect(body).toEqual({ examId, poolAvailable: 3, activeSessions: 1 });
  });
});

describe('workers', () => {
  it('are summed up', async () => {
    await app.beat({ code: 'a', url: a.url, slots: 4, activeSessions: 1 });
    const { body } = await app.call('GET', '/api/vdi/workers/summary', { token: admin });
    expect(body).toMatchObject({ draining: 0, schedulable: 2, availableSessions: 5 });
  });
  it('with sessions are disabled by force only', async () => {
    await join((await newStudent()).token);
    const change = (body: object) => app.call('PATCH', '/api/vdi/workers/a', { token: admin, body });
    expect((await change({ isEnabled: false })).status).toBe(409);
    expect((await change({ isEnabled: false, force: true })).body.isEnabled).toBe(false);
    expect((await change({})).status).toBe(400);
    expect((await change({ isEnabled: 'yes' })).body.fields[0].field).toBe('isEnabled');
    expect(
      (await app.call('PATCH', '/api/vdi/workers/none', { token: admin, body: { isDraining: true } })).status,
    ).toBe(404);
  });
});

describe('a worker', () => {
  it('is not disabled while a student is being placed there', async () => {
    const { id } = await newStudent();
    const disable = () => app.call('PATCH', '/api/vdi/workers/a', { token: admin, body: { isEnabled: false } });
    const { status, body } = await meanwhile(disable, async (db) => {
      await whilePlacing(db);
      await db.query(
        `insert into dispatches ("userId", "examId", "workerCode", state, "createdAt", "lastJoinedAt")
         values ($1, $2, 'a', 'allocating', now(), now())`,
        [id, examId],
      );
    });
    expect([status, body.error, body.activeSessions]).toEqual([409, 'worker_has_sessions', 1]);
    expect((await app.ports.workers.byCode('a'))?.isEnabled).toBe(true);
  });
});

describe('a control-plane that stands still', () => {
  it('loses its locks after a while: the others go on placing and mending', async () => {
    const use = { name: 'stands-still', connections: 2, stillMs: { transaction: 2_000, lock: 2_000 } };
    const database = openDatabase(address, use, () => {});
    const { promise: still, resolve: goOn } = Promise.withResolvers<void>();
    let held = 0;
    const placing = database
      .inTransaction(async (db) => {
        await whilePlacing(db);
        held++;
        await still;
        await db.query('select 1');
      })
      .catch((error: unknown) => error);
    const mending = database.withLock('reconcile', () => {
      held++;
      return still;
    });
    try {
      await expect.poll(() => held).toBe(2);
      let gone = 0;
      void join((await newStudent()).token).then(({ status }) => status === 200 && gone++);
      void app.ports.withLock('reconcile', async () => gone++);
      await expect.poll(() => gone).toBe(2);
    } finally {
      goOn();
    }
    await mending;
    expect(isDatabaseAway(await placing)).toBe(true);
    await database.close();
  });
});

describe('sessions', () => {
  it('are listed for admins and proctors, with where to watch them', async () => {
    const { id, token } = await newStudent();
    const proctor = await app.addUser('proctor', 'PROCTOR');
    const sessions = (as: string) => app.call('GET', '/api/vdi/sessions', { token: as });
    expect((await sessions(admin)).body).toEqual([]);
    await join(token);
    expect((await sessions(proctor.token)).body).toMatchObject([
      { examId, userId: id, username: `s${students}`, workerCode: 'a', tunnelUrl: 'ws://127.0.0.1:3000' },
    ]);
    expect((await sessions(token)).status).toBe(403);
    await app.call('POST', `/api/exams/${examId}/finish`, { token });
    expect((await sessions(admin)).body).toEqual([]);
  });
});

describe('a look at a session', () => {
  const watch = (token: string, id: number, exam = examId) =>
    app.call('POST', `/api/vdi/sessions/${exam}/${id}/watch`, { token });
  /** What the worker's door says of it: it shares the secret of logins and nothing else. */
  const door = async (id: number, jwt: string) => {
    const visit = {
      query: new URLSearchParams({ watch: `${examId}:${id}`, jwt }),
      address: '',
      origin: '',
      cookie: '',
    };
    const atSeat = () => ({ ip: '10.0.0.1', state: 'warm' }) as Desktop;
    return (await admitWatcher({ jwtSecret: Buffer.from(JWT_SECRET), atSeat }, visit)).kind;
  };

  it('is given to proctors by a pass for a minute and this session; their login opens no tunnel', async () => {
    const { id, token } = await newStudent();
    await join(token);
    const proctor = await app.addUser('looks', 'PROCTOR');
    // The worker's door goes by the real time.
    const moved = app.now;
    app.now = new Date();
    const asked = app.now.getTime();
    const { status, body } = await watch(proctor.token, id);
    app.now = moved;
    const pass = { examId, userId: id, username: `s${students}`, tunnelUrl: 'ws://127.0.0.1:3000' };
    expect([status, body]).toMatchObject([200, pass]);
    expect(Date.parse(body.expiresAt) - asked).toBe(60_000);
    expect([await door(id, body.jwt), await door(id + 1, body.jwt), await door(id, proctor.token)]).toEqual([
      'admitted',
      'refused',
      'refused',
    ]);
    expect((await app.call('GET', '/api/vdi/sessions', { token: body.jwt })).status, 'it is no login').toBe(401);
    expect((await watch(token, id)).status, 'nor for students').toBe(403);
    expect([(await watch(admin, id + 1)).status, (await watch(admin, id, 999_999)).status]).toEqual([404, 404]);
  });
  it('is dated by the worker’s clock, where that goes wrong', async () => {
    const { id, token } = await newStudent();
    await join(token);
    await app.beat({ code: 'a', url: a.url, slots: 4, metadata: { clockAheadMs: -300_000 } });
    const { body } = await watch(admin, id);
    expect(Date.parse(body.expiresAt) - app.now.getTime()).toBe(360_000);
  });
  it('is given no more, at either door, to a proctor who is none any more, whatever his login says', async () => {
    const { id, token } = await newStudent();
    await join(token);
    const change = (userId: number, body: object) => app.call('PATCH', `/api/users/${userId}`, { token: admin, body });
    const demoted = await app.addUser('demoted', 'PROCTOR');
    const removed = await app.addUser('removed', 'PROCTOR');
    for (const { token } of [demoted, removed]) expect((await watch(token, id)).status).toBe(200);
    expect((await change(demoted.id, { role: 'STUDENT' })).status).toBe(200);
    expect((await app.call('DELETE', `/api/users/${removed.id}`, { token: admin })).status).toBe(200);
    expect([(await watch(demoted.token, id)).status, (await watch(removed.token, id)).status]).toEqual([403, 401]);
    for (const path of ['/api/live', '/api/vdi/workers', '/api/vdi/sessions'])
      for (const [{ token }, status] of [
        [demoted, 403],
        [removed, 401],
      ] as const)
        expect((await app.call('GET', path, { token })).status, path).toBe(status);
    for (const { token } of [demoted, removed]) expect(await door(id, token)).toBe('refused');
  });
});

describe('the live view', () => {
  const session = (id: number, more: object = {}) => ({
    examId,
    userId: id,
    connected: true,
    watchers: 0,
    recorded: false,
    ...more,
  });

  it('has workers, exams with their pools, sessions connected or not, and the last reconcile', async () => {
    const { id, token } = await newStudent();
    await join(token);
    const pools = [{ examId, wanted: 3, warm: 2, creating: 1, inUse: 1 }];
    const metadata = { pools, sessions: [session(id)] };
    const connectedAt = app.now.toISOString();
    await app.beat({ code: 'a', url: a.url, slots: 4, activeSessions: 1, metadata });
    app.now = new Date(app.now.getTime() + 5000);
    await app.beat({ code: 'a', url: a.url, slots: 4, activeSessions: 1, metadata });
    await app.call('POST', '/api/vdi/workers/reconcile', { token: admin });
    const view = await liveView(app.ports, { hostname: 'exam.school.test', secure: false });
    expect(view.exams.find((exam) => exam.id === examId)).toMatchObject({
      name: 'Algorithms',
      accessCode: 'CODE-1',
      pool: { wanted: 3, warm: 2, creating: 1, inUse: 1 },
      workers: [{ workerCode: 'a', wanted: 3, warm: 2, creating: 1, inUse: 1 }],
      activeSessions: 1,
    });
    expect(view.sessions).toMatchObject([
      { userId: id, workerName: 'Worker a', connected: true, connectedAt, leftAt: null },
    ]);
    expect(view).toMatchObject({ summary: { healthy: 2 }, strays: [], lastReconcile: { by: 'admin', mode: 'manual' } });
  });
  it('shows a session that nobody is placed at, which an admin releases; a released one is not shown', async () => {
    const { id, token } = await newStudent();
    await join(token);
    a.seats.set(`${examId}:${id}`, { ip: '10.1.9.9', containerId: 'c' });
    b.seats.set(`${examId}:${id}`, { ip: '10.2.9.9', containerId: 'd' });
    for (const [code, url, slots] of [
      ['a', a.url, 4],
      ['b', b.url, 2],
    ] as const)
      await app.beat({
        code,
        url,
        slots,
        activeSessions: 1,
        metadata: { sessions: [session(id, { connected: false })] },
      });
    const view = () => liveView(app.ports, { hostname: 'exam.school.test', secure: false });
    expect((await view()).strays).toEqual([
      { examId, userId: id, username: `s${students}`, workerCode: 'b', connected: false },
    ]);
    const release = (query = '', as = admin) =>
      app.call('DELETE', `/api/vdi/sessions/${examId}/${id}${query}`, { token: as });
    expect((await release('', token)).status).toBe(403);
    expect((await release('?worker=nowhere')).status).toBe(404);
    expect((await release('?worker=b')).body.outcome).toBe('released');
    expect([a.seats.size, b.seats.size]).toEqual([1, 0]);
    expect((await view()).strays).toEqual([]);
    expect((await release()).body.outcome).toBe('released');
    expect([a.seats.size, (await view()).sessions, (await view()).strays]).toEqual([0, [], []]);
    expect((await release()).body.outcome).toBe('nothing_there');
  });
});

describe('reconcile', () => {
  it('releases what a join left behind that died, at the worker too, and says whose it was', async () => {
    const { id, token } = await newStudent();
    await join(token);
    const seat = { userId: id, examId };
    await app.ports.dispatches.drop((await app.ports.dispatches.find(seat)) as Dispatch);
    const stamps = { now: app.now, affinityUntil: app.now };
    await app.ports.dispatches.reserve(seat, () => ({ kind: 'seat', workerCode: 'a', moved: false }), stamps);
    app.now = new Date(app.now.getTime() + 60_000);
    const { body } = await app.call('POST', '/api/vdi/workers/reconcile', { token: admin });
    expect(body).toMatchObject({ scanned: 1, cleaned: 1, malformed: 1, released: 0, by: 'admin' });
    expect(body.details).toContainEqual({
      kind: 'release',
      why: 'join_died',
      workerCode: 'a',
      examId,
      userId: id,
      username: `s${students}`,
    });
    expect(a.seats.size).toBe(0);
    expect((await app.call('GET', '/api/vdi/workers/reconcile', { token: admin })).body).toEqual(body);
  });
  it('runs once for the timers of all processes, and again when its time has come', async () => {
    await using other = await startConsole(address);
    app.now = new Date(app.now.getTime() + 60_000);
    other.now = app.now;
    const both = () => Promise.all([app, other].map(({ ports }) => reconcileUnlessYoung(ports, 60_000)));
    expect((await both()).filter(Boolean)).toHaveLength(1);
    expect((await both()).filter(Boolean)).toHaveLength(0);
    app.now = new Date(app.now.getTime() + 60_000);
    other.now = app.now;
    expect((await both()).filter(Boolean)).toMatchObject([{ mode: 'timer', by: null }]);
  });
  it('waits for a worker that hangs once, not for each of its releases', async () => {
    const sitting = [await newStudent(), await newStudent(), await newStudent()];
    for (const { token } of sitting) await join(token);
    for (const { id } of sitting) await app.ports.dispatches.markReleasing({ userId: id, examId });
    a.mode = 'hangs';
    const asked = () => a.calls.filter((call) => call.includes('/release')).length;
    await app.call('POST', '/api/vdi/workers/reconcile', { token: admin });
    expect(asked()).toBe(1);
    a.mode = 'works';
    const { body } = await app.call('POST', '/api/vdi/workers/reconcile', { token: admin });
    expect(body).toMatchObject({ scanned: 3, cleaned: 3, released: 3 });
  });
  it('leaves the desktop of a student who comes back while a slow worker holds it up', async () => {
    const [slow, back] = [await newStudent(), await newStudent()];
    for (const { token } of [slow, back]) await join(token);
    for (const { id } of [slow, back]) await app.ports.dispatches.markReleasing({ userId: id, examId });
    const { release } = app.ports.calls;
    const spy = vi.spyOn(app.ports.calls, 'release').mockImplementationOnce(async (worker, seat) => {
      expect((await join(back.token)).status).toBe(200);
      return await release(worker, seat);
    });
    const { body } = await app.call('POST', '/api/vdi/workers/reconcile', { token: admin });
    spy.mockRestore();
    expect(body).toMatchObject({ released: 1 });
    expect([...a.seats.keys()]).toEqual([`${examId}:${back.id}`]);
  });
  it('does not mend a counter that a newer heartbeat has changed since the worker was asked', async () => {
    await app.beat({ code: 'a', url: a.url, slots: 4, activeSessions: 1 });
    const { observe } = app.ports.calls;
    const spy = vi.spyOn(app.ports.calls, 'observe').mockImplementation(async (worker) => {
      const seen = await observe(worker);
      app.now = new Date(app.now.getTime() + 1);
      if (worker.code === 'a') await app.beat({ code: 'a', url: a.url, slots: 4, activeSessions: 3 });
      return seen;
    });
    const { body } = await app.call('POST', '/api/vdi/workers/reconcile', { token: admin });
    spy.mockRestore();
    expect(body).toMatchObject({ remoteSessionCountersFixed: 0 });
    expect((await app.ports.workers.byCode('a'))?.activeSessions).toBe(3);
  });
  it('drops an old dispatch whose worker has no such session, keeps one that it has, mends counters', async () => {
    const gone = await newStudent();
    const there = await newStudent();
    await join(gone.token);
    await join(there.token);
    a.seats.delete(`${examId}:${gone.id}`);
    app.now = new Date(app.now.getTime() + 21_601_000);
    await app.beat({ code: 'a', url: a.url, slots: 4 });
    const { body } = await app.call('POST', '/api/vdi/workers/reconcile', { token: await app.loginAs('admin') });
    expect(body).toMatchObject({
      scanned: 2,
      cleaned: 1,
      malformed: 0,
      staleWithoutSession: 1,
      remoteSessionCountersFixed: 1,
      mode: 'manual',
    });
    expect(body.affinityFixed).toBeGreaterThan(0);
    admin = await app.loginAs('admin');
  });
});

describe('first start', () => {
  it('made the sample exam and the two users, once', async () => {
    await using again = await startConsole(address);
    expect((await again.ports.exams.all()).filter(({ name }) => name === 'Sample exam')).toHaveLength(1);
    expect(await again.loginAs('student')).not.toBe('undefined');
  });
});

describe('pages', () => {
  it('are served with a strict policy, and the browser’s code without types', async () => {
    for (const path of ['/', '/admin']) {
      const response = await fetch(`${app.url}${path}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await response.text()).not.toMatch(/<script>|style="/);
    }
    const script = await (await fetch(`${app.url}/assets/student.js`)).text();
    expect(script).toContain("from './sitting-view.js'");
    expect(script).not.toContain('interface ');
    expect(await (await fetch(`${app.url}/assets/desktop-link.js`)).text()).toContain("'/assets/guacamole-common.js'");
    expect((await fetch(`${app.url}/assets/..%2fapp.ts`)).status).toBe(404);
    expect((await fetch(`${app.url}/assets/student.html`)).status).toBe(404);
  });
});

/** What `call` is answered when it comes while another's transaction has changed something and not ended yet. */
async function meanwhile<T>(call: () => Promise<T>, change: (db: Queryable) => Promise<unknown>): Promise<T> {
  const database = openDatabase(address, { name: 'meanwhile', connections: 2 }, () => {});
  try {
    const { answer } = await database.inTransaction(async (db) => {
      await change(db);
      let isAnswered = false;
      const answer = call().finally(() => {
        isAnswered = true;
      });
      const waits = `select 1 from pg_stat_activity where wait_event_type = 'Lock'`;
      await expect.poll(async () => isAnswered || (await database.pool.query(waits)).rowCount !== 0).toBe(true);
      return { answer };
    });
    return await answer;
  } finally {
    await database.close();
  }
}
