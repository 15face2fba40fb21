import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { DatabaseAddress } from '../../../src/postgres/database.ts';
import { type Answer, ControlPlaneProcess, newPeople, type Person } from '../../rig/control-plane.ts';
import { Line } from '../../rig/line.ts';
import { startPostgres, type TestPostgres } from '../../rig/postgres.ts';
import { newSecrets } from '../../rig/rig.ts';
import { type FakeWorker, heartbeatOf, startFakeWorker } from './fake-worker.ts';

const CROWD = 200;
const SLOTS = [8, 7, 5];
const FREE = 20;
/** Until when a student who was cut off has an answer again, on a busy machine. */
const PATIENCE_MS = 60_000;
vi.setConfig({ testTimeout: 2 * PATIENCE_MS });

const secrets = newSecrets();
let postgres: TestPostgres;
let line: Line;
let address: DatabaseAddress;
let db: pg.Pool;
let both: ControlPlaneProcess[];
let workers: FakeWorker[];
let admin: Person;
let students: Person[];
let examId: number;
let exams = 0;

beforeAll(async () => {
  postgres = await startPostgres('crowd');
  line = await new Line(postgres.address).mend();
  address = { ...postgres.address, port: line.port };
  both = Array.from({ length: 2 }, () => new ControlPlaneProcess(secrets, address));
  await Promise.all(both.map((each) => each.start()));
  [admin] = (await newPeople(secrets, address, 'ADMIN', ['root'])) as [Person];
  const names = Array.from({ length: CROWD }, (_, index) => `crowd-${index}`);
  students = await newPeople(secrets, address, 'STUDENT', names);
  db = new pg.Pool(address);
  db.on('error', () => undefined);
}, 120_000);
afterAll(async () => {
  for (const each of both ?? []) await each.stop('SIGKILL');
  await db?.end();
  await line?.cut();
  await postgres?.stop();
});

beforeEach(async () => {
  workers = await Promise.all(SLOTS.map((slots, index) => startFakeWorker(secrets.clusterToken, slots, index + 1)));
  for (const worker of workers) worker.pauseMs = 300;
  for (const each of both) if (!each.isRunning) await each.start();
  await beats();
  examId = await first().newExam(admin.token, `Crowd ${++exams}`);
});
afterEach(async () => {
  await db.query('delete from dispatches');
  for (const worker of workers) await worker.stop();
});

const first = (): ControlPlaneProcess => both[0] as ControlPlaneProcess;

async function beats(): Promise<void> {
  for (const [index, { url, slots }] of workers.entries()) {
    const answer = await fetch(`${first().url}/api/vdi/workers/heartbeat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-worker-token': secrets.clusterToken },
      body: JSON.stringify(heartbeatOf({ code: `w${index}`, url, slots })),
    });
    expect(answer.status).toBe(200);
  }
}

/** All at once, every other one to the other process; who gets no answer or a failure asks the next process again. */
async function allJoin(): Promise<{ last: Answer[]; all: Answer[] }> {
  const all: Answer[] = [];
  const end = Date.now() + PATIENCE_MS;
  const last = await Promise.all(
    students.map(async ({ token }, index) => {
      for (let turn = index; ; turn++) {
        const asked = both[turn % both.length] as ControlPlaneProcess;
        const answer = await asked.join(token, examId).catch(() => undefined);
        if (answer) all.push(answer);
        if (answer?.status === 200 || answer?.body.error === 'no_free_desktop') return answer;
        if (Date.now() > end) throw new Error(`student ${index} got ${JSON.stringify(answer)} until the end`);
        await pause(200);
      }
    }),
  );
  return { last, all };
}

/** What must be so however it went: the desktops that were to be had are taken, each by one student, who was told of it. */
async function exactlyTwentySit(answers: readonly Answer[]): Promise<void> {
  const joined = answers.flatMap(({ status, body }, index) =>
    status === 200 ? [{ userId: students[index]?.id, ip: body.ip }] : [],
  );
  expect(joined).toHaveLength(FREE);
  expect(answers.filter(({ status, body }) => status === 503 && body.error === 'no_free_desktop')).toHaveLength(
    CROWD - FREE,
  );
  expect(workers.map(({ seats }) => seats.size)).toEqual(SLOTS);
  const seated = workers.flatMap(({ seats }, index) =>
    [...seats].map(([key, { ip }]) => ({ key, workerCode: `w${index}`, ip })),
  );
  expect(new Set(seated.map(({ key }) => key)).size, 'no student has two desktops').toBe(FREE);
  expect(seated.map(({ key, ip }) => `${key} ${ip}`).sort()).toEqual(
    joined.map(({ userId, ip }) => `${examId}:${userId} ${ip}`).sort(),
  );
  const { rows } = await db.query('select "userId", "workerCode", state, ip from dispatches');
  expect(
    rows.map(({ userId, workerCode, state, ip }) => `${examId}:${userId} ${workerCode} ${state} ${ip}`).sort(),
  ).toEqual(seated.map(({ key, workerCode, ip }) => `${key} ${workerCode} active ${ip}`).sort());
}

/** Calls back once, when so many allocates have reached the workers. */
function whenAllocating(count: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    for (const worker of workers)
      worker.onAllocate = () => {
        if (++seen === count) resolve();
      };
  });
}

test('200 join two control-planes at once for 20 desktops: 20 sit, nobody twice, all others hear that none is free', async () => {
  const { last, all } = await allJoin();
  await exactlyTwentySit(last);
  expect(all, 'nobody had to ask again').toHaveLength(CROWD);
  const again = await Promise.all(students.map(({ token }) => first().join(token, examId)));
  await exactlyTwentySit(again);
});

test('one of the two is killed in the middle: whoever asked it asks the other, and 20 sit', async () => {
  const middle = whenAllocating(10);
  const joins = allJoin();
  await middle;
  await first().stop('SIGKILL');
  await exactlyTwentySit((await joins).last);
});

test('PostgreSQL is killed in the middle and comes back: both go on, whoever was cut off is told to ask again, and 20 sit', async () => {
  const middle = whenAllocating(10);
  const joins = allJoin();
  await middle;
  await postgres.kill();
  await pause(1_000);
  await line.mend(await postgres.start());
  const { last, all } = await joins;
  await exactlyTwentySit(last);
  expect(both.map(({ isRunning }) => isRunning)).toEqual([true, true]);
  const others = all.filter(({ status, body }) => status !== 200 && body.error !== 'no_free_desktop');
  expect(others.length).toBeGreaterThan(0);
  expect(new Set(others.map(({ status, body }) => `${status} ${body.error}`))).toEqual(new Set(['503 database_away']));
});
