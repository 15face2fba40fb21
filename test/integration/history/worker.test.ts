import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Line } from '../../rig/line.ts';
import { startPostgres, type TestPostgres } from '../../rig/postgres.ts';
import { Rig } from '../../rig/rig.ts';

// A real worker with real desktops, and a PostgreSQL that comes and goes.
let rig: Rig;
let postgres: TestPostgres;
let line: Line;

beforeAll(async () => {
  postgres = await startPostgres('ledger');
  line = await new Line(postgres.address).mend();
  await line.cut();
  rig = new Rig({ name: 'ledger', env: login(postgres.address.password) });
});
afterAll(async () => {
  await rig?.stop();
  await line?.cut();
  await postgres?.stop();
});

const login = (password: string) => ({
  DB_HOST: '127.0.0.1',
  DB_PORT: String(line.port),
  DB_USER: 'vdi',
  DB_PASSWORD: password,
  DB_NAME: 'vdi',
});

async function seat(examId: number, userId: number): Promise<void> {
  await rig.until(
    `a desktop for ${userId}`,
    async () => (await rig.call('/api/vdi/cluster/allocate', { examId, userId })).status === 200,
    90_000,
  );
}

const release = (examId: number, userId: number) => rig.call('/api/vdi/cluster/release', { examId, userId });
const status = async () => (await rig.call('/api/vdi/cluster/status')).body;
const history = async (userId: number) => (await rig.call(`/api/vdi/cluster/history?examId=5&userId=${userId}`)).body;
const kinds = (session: { events: { kind: string; source?: string; why?: string }[] }): string[] =>
  session.events
    .filter(({ kind }) => !kind.startsWith('proof'))
    .map(({ kind, source, why }) => [kind, source ?? why].filter(Boolean).join(' '));
const inDatabase = (query: string): string =>
  execFileSync('docker', ['exec', postgres.id, 'psql', '-U', 'vdi', '-Atc', query]).toString();
const delivered = () =>
  rig.until('all delivered', async () => {
    const { history: kept } = await status();
    return kept.waiting === 0 && kept.lastError === null && kept;
  });

test('with the database down at the start students are served, and status says degraded', async () => {
  await rig.start();
  await seat(5, 1);
  const ready = await rig.call('/readyz');
  expect([ready.status, ready.body.ready]).toEqual([200, true]);
  expect(ready.body.degraded).toEqual([expect.stringContaining('database: history cannot be delivered')]);
  const { history: kept, degraded } = await status();
  expect(degraded).toEqual(ready.body.degraded);
  expect(kept).toMatchObject({ kept: 'database', dropped: 0, lastError: expect.stringContaining('ECONNREFUSED') });
  const known = await history(1);
  expect(known).toMatchObject({ complete: false, note: expect.stringContaining('ECONNREFUSED') });
  expect(kinds(known.sessions[0])).toEqual(['desktop-made', 'session-began cold']);
}, 150_000);

test('a wrong password is told of in words, and never shown', async () => {
  await rig.stopWorker();
  await line.mend();
  rig.setEnv(login('a-wrong-password'));
  await rig.startWorker();
  const { history: kept } = await rig.until('it is told', async () => {
    const now = await status();
    return now.history.lastError?.includes('authentication failed') && now;
  });
  expect(kept.waiting).toBeGreaterThan(0);
  expect(Date.parse(kept.oldest)).toBeLessThan(Date.now());
  expect(rig.log).not.toContain('a-wrong-password');
});

test('the worker killed with the database away: what began and ended meanwhile is all there, once', async () => {
  await rig.stopWorker('SIGKILL');
  await line.cut();
  rig.setEnv(login(postgres.address.password));
  await rig.startWorker();
  await seat(5, 2);
  await release(5, 1);
  await rig.stopWorker('SIGKILL');
  await rig.startWorker();
  await line.mend();
  await delivered();
  const [first, ...more] = (await history(1)).sessions;
  expect(more).toEqual([]);
  expect(first).toMatchObject({ worker: rig.code, source: 'cold', endReason: 'released' });
  expect(kinds(first)).toEqual([
    'desktop-made',
    'session-began cold',
    'session-ended released',
    'desktop-removed released',
  ]);
  const proof = first.events.find(({ kind }: { kind: string }) => kind === 'proof-good');
  expect(proof?.record, 'the record that its lock was proved with').toMatchObject({ v: 1, ok: true });
  expect(kinds((await history(2)).sessions[0]).slice(0, 2)).toEqual([
    'desktop-made',
    expect.stringContaining('session-began'),
  ]);
  expect((await rig.call('/readyz')).body.degraded).toEqual([]);
}, 150_000);

test('a desktop that went while the worker was dead ends as gone, in the database too', async () => {
  await delivered();
  await rig.stopWorker('SIGKILL');
  const [desktop] = (await rig.desktops()).filter(({ Names }) => Names.includes('/exam_5_u2'));
  await rig.docker.getContainer(desktop?.Id ?? '').remove({ force: true, v: true });
  await rig.startWorker();
  const ended = await rig.until('the end', async () => {
    const [session] = (await history(2)).sessions;
    return session.endedAt !== null && session;
  });
  expect(ended.endReason).toBe('gone');
}, 60_000);

test('the control-plane drains the worker by its table: heard at the start, Redis and the process lost, and while it runs', async () => {
  const word = async () => (await status()).drain;
  expect((await word()).table).toContain('no table worker_nodes');
  inDatabase(`create table worker_nodes (code text unique, "isDraining" boolean not null default false);
    insert into worker_nodes values ('${rig.code}', true)`);
  await rig.stopWorker('SIGKILL');
  await rig.startWorker();
  const refused = await rig.call('/api/vdi/cluster/allocate', { examId: 5, userId: 99 });
  expect([refused.status, refused.body.error]).toEqual([503, 'draining']);
  expect(await word()).toMatchObject({ by: 'worker_nodes', table: 'read' });
  await line.cut();
  await rig.stopWorker('SIGKILL');
  await rig.exec(rig.container('redis').id, ['redis-cli', 'flushall']);
  await rig.startWorker();
  expect((await rig.call('/readyz')).body.drainStatus, 'neither table nor Redis says it now').not.toBe('serving');
  await line.mend();
  inDatabase(`update worker_nodes set "isDraining" = false`);
  await rig.until('serving again', async () => (await rig.call('/healthz')).body.drainStatus === 'serving', 30_000);
  expect(await word()).toMatchObject({ by: 'worker_nodes', table: 'read' });
}, 120_000);

test('the database gets two connections at most', async () => {
  const told = inDatabase(`select count(*) from pg_stat_activity where application_name like 'vdi-worker%'`);
  expect(Number(told)).toBeGreaterThan(0);
  expect(Number(told)).toBeLessThanOrEqual(2);
});

test('without a database the history stays on the worker, and says so', async () => {
  await rig.stopWorker();
  rig.setEnv({ DB_HOST: '' });
  await rig.startWorker();
  await seat(5, 3);
  expect((await status()).history.kept).toBe('on this worker only: DB_HOST is not set');
  const known = await history(3);
  expect(known).toMatchObject({ complete: false, note: expect.stringContaining('DB_HOST') });
  expect(known.sessions).toHaveLength(1);
}, 120_000);
