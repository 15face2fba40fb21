import { spawnSync } from 'node:child_process';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { firstStart } from '../../../src/control-plane/first-start.ts';
import type { User } from '../../../src/control-plane/user.ts';
import { type DatabaseAddress, openDatabase } from '../../../src/postgres/database.ts';
import { CONTROL_PLANE_TABLES, migrate } from '../../../src/postgres/migrate.ts';
import { startPostgres } from '../../rig/postgres.ts';
import { CLUSTER_TOKEN, type Console, GUAC_TOKEN_KEY, JWT_SECRET, PASSWORD, startConsole } from './console.ts';
import { startFakeWorker } from './fake-worker.ts';

let address: DatabaseAddress;
let stopPostgres: () => Promise<void>;
let app: Console;
let admin: { id: number; token: string };

beforeAll(async () => {
  ({ address, stop: stopPostgres } = await startPostgres());
  app = await startConsole(address);
  // Another one, so that nothing here is about the last administrator but what says so.
  admin = await app.addUser('second-admin', 'ADMIN');
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await stopPostgres?.();
});

const users = (method: string, path = '', body?: unknown) =>
  app.call(method, `/api/users${path}`, { token: admin.token, ...(body === undefined ? {} : { body }) });
const logIn = (username: string, password: string) =>
  app.call('POST', '/api/auth/login', { body: { username, password } });
const me = (token: string) => app.call('GET', '/api/auth/me', { token });

async function send(body: string, query = '', headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(`${app.url}/api/users/import${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'text/csv', ...headers },
    body,
  });
}

describe('users', () => {
  it('are an administrator’s matter only', async () => {
    const proctor = await app.addUser('p1', 'PROCTOR');
    for (const [method, path] of [
      ['GET', '/api/users'],
      ['POST', '/api/users'],
      ['PATCH', `/api/users/${admin.id}`],
      ['DELETE', `/api/users/${admin.id}`],
      ['POST', '/api/users/import'],
    ] as const) {
      expect((await app.call(method, path, { token: proctor.token })).status, `${method} ${path}`).toBe(403);
      expect((await app.call(method, path)).status).toBe(401);
    }
  });
  it('are added, with a password that is said or one that is made up and shown this once', async () => {
    const said = await users('POST', '', { username: 'Chi.Le', name: ' Lê  Thị Chi ', password: 'a-good-password' });
    expect([said.status, said.body]).toMatchObject([201, { username: 'Chi.Le', name: 'Lê Thị Chi', role: 'STUDENT' }]);
    expect(JSON.stringify(said.body)).not.toMatch(/password|scrypt/i);
    expect((await logIn('chi.le', 'a-good-password')).status, 'whatever the letters’ case').toBe(200);
    const made = await users('POST', '', { username: 'proctor.a', role: 'PROCTOR' });
    expect((await logIn('proctor.a', made.body.generatedPassword)).body.user.role).toBe('PROCTOR');
    const taken = await users('POST', '', { username: 'CHI.LE' });
    expect([taken.status, taken.body.error]).toEqual([409, 'username_taken']);
  });
  it('are refused with the name of each wrong field', async () => {
    const { status, body } = await users('POST', '', { username: 'two words', role: 'ROOT', password: 'short', x: 1 });
    const told = body.fields.map(({ field, code }: { field: string; code?: string }) => `${field} ${code}`);
    expect([status, told.sort()]).toEqual([
      400,
      ['password password_too_short', 'role role_unknown', 'username username_invalid', 'x undefined'],
    ]);
  });
  it('are refused, like any text, where it holds a letter that cannot be stored', async () => {
    for (const refused of [
      await users('GET', '?q=%00'),
      await logIn('a\0', PASSWORD),
      await app.call('POST', '/api/exams', {
        token: admin.token,
        body: { name: 'x\0', accessCode: 'x', startTime: '2026-06-01T10:00:00Z', endTime: '2026-06-01T11:00:00Z' },
      }),
    ])
      expect([refused.status, refused.body.error]).toEqual([400, 'invalid_request']);
  });
  it('whom the database does not take are told of in the log without their password’s hash', async () => {
    const { create } = app.ports.users;
    vi.spyOn(app.ports.users, 'create').mockImplementationOnce((user) => create({ ...user, role: 'ROOT' as 'ADMIN' }));
    const logged = vi.spyOn(app.ports.log, 'error').mockImplementation(() => {});
    expect((await users('POST', '', { username: 'odd.one' })).status).toBe(500);
    const said = inspect(logged.mock.calls, { depth: 9 });
    vi.restoreAllMocks();
    expect(said).toContain('users_role_check');
    expect(said).not.toMatch(/scrypt|odd\.one/);
  });
  it('are found by part of either name, by role, and page by page', async () => {
    for (const at of [1, 2, 3]) await users('POST', '', { username: `page${at}`, name: 'Đỗ Văn Trang' });
    const first = (await users('GET', '?q=%C4%91%E1%BB%97&limit=2')).body;
    expect(first).toMatchObject({ total: 3, users: [{ username: 'page1', sessions: 0 }, { username: 'page2' }] });
    const rest = (await users('GET', `?q=PAGE&limit=2&after=${encodeURIComponent(first.next)}`)).body;
    expect([rest.users.map(({ username }: { username: string }) => username), rest.next]).toEqual([['page3'], null]);
    const roles = (await users('GET', '?role=ADMIN')).body.users.map(({ role }: { role: string }) => role);
    expect(new Set(roles)).toEqual(new Set(['ADMIN']));
    expect((await users('GET', '?limit=0')).body.fields[0].field).toBe('limit');
  });
  it('are changed; what is not said stays', async () => {
    const { id } = (await users('POST', '', { username: 'dung', name: 'Dung' })).body;
    expect((await users('PATCH', `/${id}`, { username: 'dung2' })).body).toMatchObject({
      username: 'dung2',
      name: 'Dung',
      role: 'STUDENT',
    });
    expect((await users('PATCH', `/${id}`, { username: 'admin' })).body.error).toBe('username_taken');
    expect((await users('PATCH', '/999999', { name: 'x' })).status).toBe(404);
    expect((await users('DELETE', `/${id}`)).status).toBe(200);
    expect((await users('DELETE', `/${id}`)).status).toBe(404);
  });
  it('with a new password are logged out wherever they were logged in with the old one', async () => {
    const { id } = (await users('POST', '', { username: 'em', password: 'old-password' })).body;
    const old = (await logIn('em', 'old-password')).body.access_token;
    expect((await me(old)).status).toBe(200);
    const { generatedPassword } = (await users('PATCH', `/${id}`, { generatePassword: true })).body;
    expect((await me(old)).status).toBe(401);
    expect((await logIn('em', 'old-password')).status).toBe(401);
    expect((await logIn('em', generatedPassword)).status).toBe(200);
  });
  it('change their own password by the one that they have, and stay logged in here', async () => {
    await users('POST', '', { username: 'giang', password: 'old-password' });
    const old = (await logIn('giang', 'old-password')).body.access_token;
    const change = (currentPassword: string, token = old) =>
      app.call('POST', '/api/auth/password', { token, body: { currentPassword, newPassword: 'new-password' } });
    expect([(await change('wrong')).status, (await me(old)).status]).toEqual([403, 200]);
    const { access_token } = (await change('old-password')).body;
    expect([(await me(old)).status, (await me(access_token)).status]).toEqual([401, 200]);
    expect((await logIn('giang', 'new-password')).status).toBe(200);
  });
  it('hear which field of a new password is wrong; who guesses at the old one waits, here and at the login', async () => {
    await users('POST', '', { username: 'hoa', password: 'old-password' });
    const token = (await logIn('hoa', 'old-password')).body.access_token;
    const change = (body: object) => app.call('POST', '/api/auth/password', { token, body });
    const short = await change({ currentPassword: 'old-password', newPassword: 'short' });
    expect([short.status, short.body.fields]).toMatchObject([400, [{ field: 'newPassword' }]]);
    expect((await change({ newPassword: 'new-password' })).body.fields[0].field).toBe('currentPassword');
    const guesses = await Promise.all(
      Array.from({ length: 12 }, () => change({ currentPassword: 'guess', newPassword: 'new-password' })),
    );
    expect(guesses.map(({ status }) => status).sort()).toEqual([...Array(10).fill(403), 429, 429]);
    expect((await change({ currentPassword: 'old-password', newPassword: 'new-password' })).status).toBe(429);
    expect((await logIn('hoa', 'old-password')).status).toBe(429);
    expect((await me(token)).status, 'the login that he has goes on').toBe(200);
  });
  it('who sit in an exam are not removed: their desktop would stay with nobody to release it', async () => {
    const worker = await startFakeWorker(CLUSTER_TOKEN, 1, 1);
    await app.beat({ code: 'a', url: worker.url, slots: 1 });
    const [exam] = await app.ports.exams.all();
    const student = await app.addUser('sits', 'STUDENT');
    const path = `/api/exams/${exam?.id}`;
    await app.call('POST', `${path}/join`, { token: student.token, body: { accessCode: 'SAMPLE' } });
    const refused = await users('DELETE', `/${student.id}`);
    expect([refused.status, refused.body.error]).toEqual([409, 'user_in_use']);
    expect((await users('GET', '?q=sits')).body.users[0].sessions).toBe(1);
    await app.call('POST', `${path}/finish`, { token: student.token });
    expect((await users('DELETE', `/${student.id}`)).status).toBe(200);
    await worker.stop();
  });
});

describe('the last administrator', () => {
  it('is neither removed nor given another role; of two who go at once, one stays', async () => {
    const others = (await users('GET', '?role=ADMIN')).body.users.filter(
      ({ id }: { id: number }) => id !== admin.id,
    ) as { id: number }[];
    for (const { id } of others) expect((await users('PATCH', `/${id}`, { role: 'PROCTOR' })).status).toBe(200);
    for (const [method, body] of [
      ['DELETE', undefined],
      ['PATCH', { role: 'STUDENT' }],
    ] as const) {
      const refused = await users(method, `/${admin.id}`, body);
      expect([refused.status, refused.body.error]).toEqual([409, 'last_admin']);
    }
    expect((await users('PATCH', `/${admin.id}`, { role: 'ADMIN', name: 'Still here' })).status).toBe(200);
    for (let round = 0; round < 5; round++) {
      const other = (await users('PATCH', `/${others[0]?.id}`, { role: 'ADMIN' })).body;
      const outcomes = await Promise.all([
        app.ports.users.change(admin.id, { role: 'PROCTOR' }),
        app.ports.users.remove(other.id),
      ]);
      expect(outcomes.filter((outcome) => outcome === 'last_admin')).toHaveLength(1);
      expect(await app.ports.users.count('ADMIN')).toBe(1);
      if (outcomes[0] !== 'last_admin') await app.ports.users.change(admin.id, { role: 'ADMIN' });
      if (outcomes[1] === 'removed') others[0] = (await users('POST', '', { username: `other${round}` })).body;
    }
  });
});

describe('an import', () => {
  const file = '\ufeffusername;password;name\r\nhùng;mật-khẩu-1;"Phạm ""Hùng"""\r\nkhoa;short;Khoa\r\n';
  it('makes the good rows, tells of the others by line, and leaves who is there as he is', async () => {
    const answer = await send(file);
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      {
        rows: 2,
        created: 1,
        failed: 1,
        errors: [{ line: 3, username: 'khoa', field: 'password', code: 'password_too_short' }],
      },
    ]);
    expect((await logIn('Hùng'.normalize('NFD'), 'mật-khẩu-1'.normalize('NFD'))).body.user).toMatchObject({
      username: 'hùng',
      name: 'Phạm "Hùng"',
      role: 'STUDENT',
    });
    expect(await (await send(file.replace('khẩu-1', 'khẩu-2'))).json()).toMatchObject({ created: 0, kept: 1 });
    expect((await logIn('hùng', 'mật-khẩu-1')).status).toBe(200);
    const update = await (await send(file.replace('khẩu-1', 'khẩu-2'), '?existing=update')).json();
    expect(update).toMatchObject({ created: 0, updated: 1, kept: 0 });
    expect((await logIn('hùng', 'mật-khẩu-2')).status).toBe(200);
  });
  it('of all or none writes nothing while a row is wrong', async () => {
    const mixed = 'username,password\nlan,password1\nmai,x\n';
    const refused = await send(mixed, '?all=true');
    expect([refused.status, await refused.json()]).toMatchObject([
      422,
      { error: 'rows_refused', created: 0, failed: 1 },
    ]);
    expect(await app.ports.users.byName('lan')).toBeUndefined();
    const right = await (await send('username,password\nlan,password1\nmai,password2\n', '?all=true')).json();
    expect(right).toMatchObject({ created: 2, errors: [] });
  });
  it('tells how far it is to who asks for lines', async () => {
    const rows = Array.from({ length: 3 }, (_, at) => `line${at},password1\n`).join('');
    const answer = await send(`username,password\n${rows}`, '', { accept: 'application/x-ndjson' });
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.slice(-2)).toMatchObject([{ done: 3, rows: 3, taken: 0 }, { result: { created: 3 } }]);
  });
  it('whose database goes in the middle says so in its last line', async () => {
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    vi.spyOn(app.ports.users, 'putAll').mockRejectedValueOnce(away);
    const answer = await send('username,password\ncut,password1\n', '', { accept: 'application/x-ndjson' });
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    vi.restoreAllMocks();
    expect([answer.status, lines[0], lines.at(-1)]).toMatchObject([200, { rows: 1 }, { error: 'database_away' }]);
  });
  it('ends between two rows when who sent it goes, and the log says how many were taken', async () => {
    const logged = vi.spyOn(app.ports.log, 'info');
    const rows = Array.from({ length: 200 }, (_, at) => `leaves${at},password1\n`).join('');
    const leaving = new AbortController();
    const answer = await fetch(`${app.url}/api/users/import?all=true`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${admin.token}`,
        'content-type': 'text/csv',
        accept: 'application/x-ndjson',
      },
      body: `username,password\n${rows}`,
      signal: leaving.signal,
    });
    await answer.body?.getReader().read();
    leaving.abort();
    const last = () => logged.mock.lastCall?.map((said) => said as unknown);
    await expect
      .poll(last, { timeout: 15_000 })
      .toEqual([
        expect.objectContaining({ kind: 'given_up', by: admin.id, rows: 200, created: 0 }),
        'import ended half way: who sent the file has gone',
      ]);
    expect((await users('GET', '?q=leaves')).body.total).toBe(0);
    logged.mockRestore();
  });
  it('is refused when it is no file of users, too large, or in an unknown manner', async () => {
    const large = await send(`username,password\n${'x'.repeat(1024 * 1024)}`);
    expect([large.status, (await large.json()).error]).toEqual([413, 'too_large']);
    const foreign = await send('PK', '', { 'content-type': 'application/zip' });
    expect([foreign.status, (await foreign.json()).error]).toEqual([415, 'not_csv']);
    const unreadable = await send('name\nx\n');
    expect([unreadable.status, await unreadable.json()]).toMatchObject([
      400,
      { error: 'unreadable_file', why: 'column_missing', values: { column: 'username' } },
    ]);
    expect((await send(file, '?existing=delete')).status).toBe(400);
  });
});

describe('several control-planes', () => {
  it('count guesses at a password together: ten are told, at once or not, and after their time all is forgotten', async () => {
    await using other = await startConsole(address);
    await using database = openDatabaseAt(address);
    const planes = [app, other];
    const guess = (at: number, password: string) =>
      (planes[at % 2] as Console).call('POST', '/api/auth/login', { body: { username: 'Guessed', password } });
    await app.addUser('guessed', 'STUDENT');
    // A busy machine hashes for longer than the minute that guesses count.
    const untilIn = (time: string) =>
      database.pool.query('update failed_attempts set until = now() + $1::interval', [time]);
    for (let at = 0; at < 4; at++) expect((await guess(at, `no-${at}`)).status).toBe(401);
    await untilIn('50 seconds');
    const many = await Promise.all(Array.from({ length: 12 }, (_, at) => guess(at, `no-${at}`)));
    expect(many.map(({ status }) => status).sort()).toEqual([...Array(6).fill(401), ...Array(6).fill(429)]);
    for (const at of [0, 1]) {
      const { status, body } = await guess(at, PASSWORD);
      expect([status, body.error, body.retryAfterSec > 0 && body.retryAfterSec <= 60]).toEqual([
        429,
        'too_many_attempts',
        true,
      ]);
    }
    const told = JSON.stringify((await database.pool.query('select * from failed_attempts')).rows);
    expect(told).not.toContain('guessed');
    await untilIn('0');
    expect((await guess(1, PASSWORD)).status).toBe(200);
    await guess(0, 'no');
    await guess(0, PASSWORD);
    for (let at = 0; at < 10; at++) {
      expect((await guess(at, 'no')).status, 'who was right begins anew').toBe(401);
      await untilIn('1 hour');
    }
    await app.ports.attempts.forgetOld();
    expect((await guess(0, PASSWORD)).status).toBe(429);
    await untilIn('0');
    await app.ports.attempts.forgetOld();
    expect((await database.pool.query('select * from failed_attempts')).rows).toEqual([]);
  });

  it('count guesses at access codes together: of many at once twenty are told, and then not even the right one', async () => {
    await using other = await startConsole(address);
    const planes = [app, other];
    const { token } = await app.addUser('codes', 'STUDENT');
    const [exam] = await app.ports.exams.all();
    const join = (at: number, accessCode: string) =>
      (planes[at % 2] as Console).call('POST', `/api/exams/${exam?.id}/join`, { token, body: { accessCode } });
    const many = await Promise.all(Array.from({ length: 50 }, (_, at) => join(at, `no-${at}`)));
    expect(many.filter(({ body }) => body.error === 'wrong_access_code')).toHaveLength(20);
    expect(many.filter(({ status }) => status === 429)).toHaveLength(30);
    for (const at of [0, 1]) expect((await join(at, 'SAMPLE')).status).toBe(429);
  });

  it('that start at the same moment on an empty database make its tables and its first users once', async () => {
    await using owner = openDatabaseAt(address);
    await owner.pool.query('create database fresh');
    const fresh = { ...address, database: 'fresh' };
    const complaints: string[] = [];
    const applied = await Promise.all(
      Array.from({ length: 4 }, () => migrate(fresh, CONTROL_PLANE_TABLES, (reason) => complaints.push(reason))),
    );
    expect(applied.filter(({ length }) => length > 0)).toHaveLength(1);
    expect(complaints).toEqual([]);
    const planes = [];
    for (let at = 0; at < 3; at++) planes.push(await startConsole(fresh));
    // startConsole has done a first start: undone, for three at once.
    const first = planes[0] as Console;
    await using database = openDatabaseAt(fresh);
    await database.pool.query('delete from users; delete from exams');
    const shown = await Promise.all(planes.map(({ ports }) => firstStart(ports)));
    expect(shown.map(({ length }) => length).sort()).toEqual([0, 0, 2]);
    expect(await first.ports.exams.all()).toHaveLength(1);
    for (const { username, password } of shown.flat())
      expect(await first.loginAs(username, password)).not.toBe('undefined');
    for (const plane of planes) await plane[Symbol.asyncDispose]();
  });

  it('that import the same class at the same moment make each of its users once', async () => {
    await using other = await startConsole(address);
    const { passwordHash } = (await app.ports.users.byId(admin.id)) as User;
    const rows = Array.from({ length: 400 }, (_, at) => ({
      key: `twice${at}`,
      username: `twice${at}`,
      name: 'Twice',
      role: undefined,
      passwordHash,
    }));
    // Both are held up half way, in the middle row: in whatever order they write, each holds rows that the other wants.
    await using owner = openDatabaseAt(address);
    const middle = await owner.pool.connect();
    await middle.query('begin');
    await middle.query(
      `insert into users (username, "usernameKey", role, "passwordHash") values ('x', 'twice200', 'STUDENT', 'x')`,
    );
    const both = Promise.all([
      app.ports.users.putAll(rows, 'keep'),
      other.ports.users.putAll(rows.toReversed(), 'keep'),
    ]);
    const waiting = `select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock'`;
    await expect.poll(async () => (await owner.pool.query(waiting)).rows[0].n, { timeout: 20_000 }).toBe(2);
    await middle.query('rollback');
    middle.release();
    expect((await both).reduce((total, { created }) => total + created, 0)).toBe(400);
    expect(await app.ports.users.putAll(rows, 'update')).toEqual({ created: 0, updated: 400 });
  });
});

describe('the password command', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['src/passwords.ts', ...args], {
      env: {
        PATH: process.env.PATH ?? '',
        DB_HOST: address.host,
        DB_PORT: String(address.port),
        DB_USER: address.user,
        DB_PASSWORD: address.password,
        DB_NAME: 'bare',
        JWT_SECRET,
        GUAC_TOKEN_KEY,
        WORKER_CLUSTER_TOKEN: CLUSTER_TOKEN,
      },
      encoding: 'utf8',
      timeout: 60_000,
    });
  const wordsOf = (output: string) =>
    Object.fromEntries(
      output
        .trim()
        .split('\n')
        .map((line) => line.split(' ')),
    );

  it('makes the first users on an empty database and says their passwords once; later it sets new ones', async () => {
    await using owner = openDatabaseAt(address);
    await owner.pool.query('create database bare');
    const first = run('first');
    expect([first.status, Object.keys(wordsOf(first.stdout))]).toEqual([0, ['student', 'admin']]);
    expect(run('first')).toMatchObject({ status: 0, stdout: '' });
    await using plane = await startConsole({ ...address, database: 'bare' });
    for (const [username, password] of Object.entries(wordsOf(first.stdout)))
      expect(await plane.loginAs(username, String(password))).not.toBe('undefined');
    const { admin: word } = wordsOf(run('new', 'Admin').stdout);
    expect(await plane.loginAs('admin', word)).not.toBe('undefined');
    expect(await plane.loginAs('admin', wordsOf(first.stdout).admin)).toBe('undefined');
    expect(run('new', 'nobody')).toMatchObject({ status: 1, stdout: '', stderr: 'There is no user nobody.\n' });
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining('usage:') });
  });
});

function openDatabaseAt(at: DatabaseAddress) {
  const database = openDatabase(at, { name: 'users-test', connections: 2 }, () => {});
  return { ...database, [Symbol.asyncDispose]: () => database.close() };
}
