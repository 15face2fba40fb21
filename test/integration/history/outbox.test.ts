import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DatabaseAddress } from '../../../src/postgres/database.ts';
import { Line } from '../../rig/line.ts';
import { startPostgres } from '../../rig/postgres.ts';
import { Seeded } from '../../seeded.ts';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let address: DatabaseAddress;
let db: pg.Pool;
let directory: string;
let line: Line;

beforeAll(async () => {
  postgres = await startPostgres('ledger');
  address = postgres.address;
  db = new pg.Pool({ ...address, max: 2 });
  db.on('error', () => undefined);
  await answers();
  directory = await mkdtemp(join(tmpdir(), 'vdi-history-'));
  line = await new Line(address).mend();
});
afterAll(async () => {
  await line?.cut();
  await db?.end();
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function answers(): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await db.query('select 1').catch(() => undefined)) return;
    await pause(100);
  }
  throw new Error('PostgreSQL does not answer');
}

/** A process that tells of sessions until it is killed. */
class Teller {
  readonly process: ChildProcess;
  told = 0;
  log = '';

  constructor(outbox: string, first: number, worker = 'w1', pace = 2) {
    const args = [
      'test/integration/history/teller.ts',
      join(directory, outbox),
      first,
      line.port,
      address.password,
      worker,
      pace,
    ];
    this.process = spawn(process.execPath, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    this.process.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const each of lines)
        if (each.startsWith('told ')) this.told = Number(each.slice(5));
        else this.log += `${each}\n`;
    });
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await once(this.process, 'close');
  }
}

const kept = async (worker: string): Promise<{ kind: string; userId: number }[]> =>
  (
    await db
      .query('select kind, "userId"::int from vdi_worker.events where "workerCode" = $1 order by seq', [worker])
      .catch(() => ({ rows: [] }))
  ).rows;

/** What must be there when it was told of `count` sessions: each once, in order. */
const expected = (count: number) =>
  Array.from({ length: count }, (_, index) => index + 1).flatMap((userId) => [
    { kind: 'session-began', userId },
    { kind: 'session-ended', userId },
  ]);

async function until<T>(what: string, look: () => Promise<T | undefined | false>, ms = 30_000): Promise<T> {
  for (const end = Date.now() + ms; ; await pause(100)) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`not seen within ${ms} ms: ${what}`);
  }
}

test('killed at random points with the line cut, hung and mended at random: nothing lost, nothing doubled, in order', async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6));
  const random = new Seeded(seed);
  console.log(`SEED=${seed}`);
  let sessions = 0;
  let said = '';
  for (let round = 0; round < 12; round++) {
    const dice = random.next();
    if (dice < 0.35) await line.cut();
    else if (dice < 0.5) line.hang();
    else await line.mend();
    const teller = new Teller('killed', sessions + 1);
    await until('the first word', async () => teller.told > 0);
    await pause(random.whole(0, 900));
    if (random.chance(0.5)) await line.mend();
    await pause(random.whole(0, 600));
    await teller.kill();
    said += teller.log;
    // A session whose telling was under way may have been told by half: the next process tells it again.
    sessions = teller.told;
  }
  await line.mend();
  const last = new Teller('killed', sessions + 1);
  await until('the last process tells', async () => last.told > sessions + 10);
  await last.kill();
  const wake = new Teller('killed', 1_000_000, 'w1', 100_000);
  const rows = await until('everything delivered', async () => {
    const all = await kept('w1');
    return all.some(({ userId }) => userId >= 1_000_000) && all;
  });
  await wake.kill();
  // A repeat is nothing that the database has to refuse.
  expect(said + last.log + wake.log, `SEED=${seed}`).not.toContain('refuses');
  const ours = rows.filter(({ userId }) => userId < 1_000_000);
  expect(ours.slice(0, last.told * 2), `SEED=${seed}`).toEqual(expected(last.told));
  const { rows: open } = await db.query(`select from vdi_worker.sessions where "userId" <= $1 and "endedAt" is null`, [
    last.told,
  ]);
  expect(open).toEqual([]);
}, 120_000);

test('a database killed and started again: what was told meanwhile comes, in order', async () => {
  const teller = new Teller('postgres', 1, 'w2', 20);
  await until('the first rows', async () => (await kept('w2')).length > 0);
  await postgres.kill();
  await until('it is noticed', async () => teller.log.includes('history not delivered'));
  await pause(500);
  const target = await postgres.start();
  await line.mend(target);
  db = new pg.Pool({ ...address, ...target, max: 2 });
  db.on('error', () => undefined);
  await answers();
  const { told } = teller;
  const rows = await until('it goes on', async () => {
    const all = await kept('w2');
    return all.length >= told * 2 && all;
  });
  await teller.kill();
  expect(rows.slice(0, told * 2)).toEqual(expected(told));
  expect(teller.log.match(/history not delivered/g), 'said once').toHaveLength(1);
  expect(teller.log).not.toContain(address.password);
}, 90_000);

test('ten workers that start at once make the tables once, and each has its own order', async () => {
  await db.query('drop schema vdi_worker cascade');
  const tellers = Array.from({ length: 10 }, (_, index) => new Teller(`race-${index}`, 1, `race-${index}`, 200));
  for (const [index, teller] of tellers.entries())
    await until(`rows of worker ${index}: ${teller.log}`, async () => (await kept(`race-${index}`)).length >= 6);
  for (const teller of tellers) await teller.kill();
  for (const teller of tellers) expect(teller.log.replace(/log the history’s database answers again\n/g, '')).toBe('');
  const { rows } = await db.query('select name from vdi_worker.migrations');
  expect(rows).toHaveLength(1);
}, 90_000);
