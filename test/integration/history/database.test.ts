import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LedgerEntry, LedgerStore } from '../../../src/pool/ledger.ts';
import { EntryRefused } from '../../../src/pool/ledger.ts';
import { type Database, type DatabaseAddress, openDatabase } from '../../../src/postgres/database.ts';
import { drainTable } from '../../../src/postgres/drain-table.ts';
import { ledgerStore } from '../../../src/postgres/ledger-store.ts';
import { startPostgres, type TestPostgres } from '../../rig/postgres.ts';

// Not what a school's database is like by luck: a user without rights, TLS, values that it will not have.
let postgres: TestPostgres;
let owner: pg.Pool;
const open: Database[] = [];

beforeAll(async () => {
  postgres = await startPostgres('ledger');
  owner = new pg.Pool({ ...postgres.address, max: 1 });
  owner.on('error', () => undefined);
  for (let tries = 0; !(await owner.query('select 1').catch(() => undefined)); tries++) {
    if (tries > 300) throw new Error('PostgreSQL does not answer');
    await pause(100);
  }
  await owner.query(`create role plain login password 'plain'`);
});
afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
  await owner.query('drop schema if exists vdi_worker cascade');
});
afterAll(async () => {
  await owner?.end();
  await postgres?.stop();
});

function store(change: Partial<DatabaseAddress> = {}): LedgerStore {
  const address = { ...postgres.address, ...change };
  const database = openDatabase(address, { name: 'w1', connections: 2, queryMs: 5_000 }, () => undefined);
  open.push(database);
  return ledgerStore('w1', address, database);
}

const plain = { user: 'plain', password: 'plain' };
const desktop = { containerId: 'c1', name: 'exam_7_u42', desktopId: 'd1', examId: 7, userId: 42 };
const id = (last: number): string => `00000000-0000-7000-8000-${String(last).padStart(12, '0')}`;
const began = (seq: number, change: object = {}): LedgerEntry =>
  ({ id: id(seq), seq, kind: 'session-began', at: 1_000 * seq, desktop, source: 'pool', ...change }) as LedgerEntry;

test('a user who may not make a schema is told what the owner has to run, and after that it works', async () => {
  const said = await store(plain)
    .prepare()
    .catch((error: Error) => error.message);
  expect(said).toContain('create schema vdi_worker authorization "plain"');
  await owner.query(/create schema [^;]+/.exec(String(said))?.[0] ?? '');
  const ready = store(plain);
  await ready.prepare();
  await ready.keep([began(1)]);
  expect(await ready.history({ examId: 7, userId: 42 })).toMatchObject([
    { seq: 1, worker: 'w1', source: 'pool', desktop },
  ]);
});

test('told again under another id a session keeps its first telling; its end closes it once', async () => {
  const ledger = store();
  await ledger.prepare();
  await ledger.keep([began(1), began(2, { source: 'adopted' })]);
  await ledger.keep([began(1), began(3, { source: 'adopted' })]);
  const ended = { id: id(4), seq: 4, kind: 'session-ended', at: 4_000, desktop, why: 'released' } as LedgerEntry;
  await ledger.keep([ended, { ...ended, id: id(5), seq: 5, at: 5_000, why: 'gone' } as LedgerEntry]);
  const { rows } = await owner.query('select * from vdi_worker.sessions');
  expect(rows).toEqual([
    expect.objectContaining({
      source: 'pool',
      beganAt: new Date(1_000),
      endedAt: new Date(4_000),
      endReason: 'released',
    }),
  ]);
  expect((await ledger.history({ examId: 7, userId: 42 })).map(({ seq }) => seq)).toEqual([1, 4]);
});

test('desktops without an end are known, with their student while he has them', async () => {
  const ledger = store();
  await ledger.prepare();
  const made = { id: id(1), seq: 1, kind: 'desktop-made', at: 0, desktop, imageId: 'i', template: 't' } as LedgerEntry;
  const other = { ...desktop, containerId: 'c2' };
  await ledger.keep([made, began(2), { ...made, id: id(3), seq: 3, desktop: other } as LedgerEntry]);
  expect((await ledger.open()).map(({ containerId, userId }) => [containerId, userId])).toEqual([
    ['c1', 42],
    ['c2', undefined],
  ]);
  await ledger.keep([{ id: id(4), seq: 4, kind: 'desktop-removed', at: 4, desktop: other, why: 'stale' }]);
  expect((await ledger.open()).map(({ containerId }) => containerId)).toEqual(['c1']);
});

test('a gap, a proof with its record, and a value that can never be kept', async () => {
  const ledger = store();
  await ledger.prepare();
  const record = { v: 1, results: [{ try: 'host', want: 'blocked', got: 'blocked' }] };
  await ledger.keep([
    began(1),
    { id: id(2), seq: 2, kind: 'proof-good', at: 2, desktop, record },
    { id: id(3), seq: 3, kind: 'events-dropped', at: 3, count: 9, first: 1, last: 9 },
  ]);
  expect((await ledger.history({ examId: 7, userId: 42 })).at(-1)).toMatchObject({ kind: 'proof-good', record });
  const { rows } = await owner.query(`select detail from vdi_worker.events where kind = 'events-dropped'`);
  expect(rows[0].detail).toEqual({ count: 9, first: 1, last: 9 });
  await expect(ledger.keep([{ ...began(4), id: 'no uuid' }])).rejects.toBeInstanceOf(EntryRefused);
});

test('TLS: with the authority’s certificate it works, with another it is refused, and says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vdi-tls-'));
  try {
    const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: folder, stdio: 'pipe' });
    for (const name of ['right', 'other'])
      run(
        'openssl',
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:P-256',
          '-nodes',
          '-days',
          '2',
          '-subj',
          '/CN=db',
        ],
        ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', `${name}.key`, '-out', `${name}.crt`],
      );
    const inside = '/var/lib/postgresql/data/cluster';
    for (const [file, name] of [
      ['right.crt', 'server.crt'],
      ['right.key', 'server.key'],
    ])
      execFileSync('docker', ['exec', '-i', postgres.id, 'sh', '-c', `umask 077; cat >${inside}/${name}`], {
        input: readFileSync(join(folder, file ?? '')),
      });
    await owner.query('alter system set ssl = on');
    await owner.query('select pg_reload_conf()');
    const ca = (name: string): string => readFileSync(join(folder, `${name}.crt`), 'utf8');
    const ready = store({ ssl: { ca: ca('right') } });
    for (let tries = 0; tries < 50; tries++) {
      if (
        await ready.prepare().then(
          () => true,
          () => false,
        )
      )
        break;
      await pause(100);
    }
    await ready.keep([began(1)]);
    const { rows } = await owner.query(
      `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'w1'`,
    );
    expect(rows).toEqual([{ ssl: true }]);
    await expect(store({ ssl: { ca: ca('other') } }).prepare()).rejects.toThrow(/certificate/);
    await expect(store({ ssl: {} }).prepare()).rejects.toThrow(/certificate/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);

describe('the control-plane’s table of workers', () => {
  const plainTable = () => {
    const address = { ...postgres.address, ...plain };
    const database = openDatabase(address, { name: 'w1', connections: 1, queryMs: 5_000 }, () => undefined);
    open.push(database);
    return drainTable('w1', plain.user, database);
  };
  afterEach(() => owner.query('drop table if exists worker_nodes'));

  test('that is not there, or may not be read, is told of in words', async () => {
    const table = plainTable();
    await expect(table.isDraining()).rejects.toThrow('no table worker_nodes');
    await owner.query('create table worker_nodes (code text unique)');
    await owner.query('grant select on worker_nodes to plain');
    await expect(table.isDraining()).rejects.toThrow('"isDraining"');
    await owner.query('drop table worker_nodes');
    await owner.query('create table worker_nodes (code text unique, "isDraining" boolean not null default false)');
    await expect(table.isDraining()).rejects.toThrow('grant select on worker_nodes to "plain"');
    await owner.query('grant select on worker_nodes to plain');
    expect(await table.isDraining(), 'without a row of this worker it says nothing').toBeUndefined();
    await owner.query(`insert into worker_nodes values ('w1', false), ('w2', true)`);
    expect(await table.isDraining()).toBe(false);
    await owner.query(`update worker_nodes set "isDraining" = true where code = 'w1'`);
    expect(await table.isDraining()).toBe(true);
  });
});
