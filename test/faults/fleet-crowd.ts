// Two hundred students join two processes of the control-plane at once, for twenty real desktops of two real workers.
// test/integration/control-plane/crowd.test.ts kills what is between them meanwhile, with workers that only answer.
import { deepEqual, equal } from 'node:assert/strict';
import { type Answer, ControlPlaneProcess, newPeople, type Person } from '../rig/control-plane.ts';
import { startPostgres } from '../rig/postgres.ts';
import { newSecrets } from '../rig/rig.ts';
import { type Closing, closedAtLast, startExamsAt } from './fleet-ground.ts';
import { onHostsEngine } from './fleet-machines.ts';
import { FleetView } from './fleet-view.ts';

const CROWD = 200;
const EACH = 10;
const SIZE = { EXAM_VM_MEMORY_MB: '640', WORKER_TOTAL_MEMORY_MB: String(1024 + 640 * EACH) };

/** Prints how it went. @returns the exit code */
export const crowd = (): Promise<number> => closedAtLast(joinAtOnce);

async function joinAtOnce(closing: Closing): Promise<void> {
  const secrets = newSecrets();
  const postgres = await startPostgres('fleet');
  closing.push(() => postgres.stop());
  const { address } = postgres;
  const both = [new ControlPlaneProcess(secrets, address), new ControlPlaneProcess(secrets, address)] as const;
  for (const each of both) {
    closing.push(() => each.stop());
    await each.start();
  }
  const [admin] = (await newPeople(secrets, address, 'ADMIN', ['root'])) as [Person];
  const names = Array.from({ length: CROWD }, (_, index) => `crowd-${index}`);
  const students = await newPeople(secrets, address, 'STUDENT', names);
  await startExamsAt(1_000_005 + 10 * process.pid, address);
  const examId = await both[0].newExam(admin.token, 'Crowd');

  console.log(`… ${2 * EACH} desktops on two workers come up`);
  const link = { secrets, controlPlane: both[0].port };
  const workers = [await onHostsEngine('crowd-a', link, SIZE)];
  closing.push(...workers.map(({ close }) => close));
  workers.push(await onHostsEngine('crowd-b', { ...link, controlPlane: both[1].port }, SIZE));
  closing.push(...workers.slice(1).map(({ close }) => close));
  const view = new FleetView(both[0], admin.token);
  await view.counts(
    'both registered and ready',
    workers.map((worker) => [worker, 0]),
  );
  await Promise.all(workers.map((worker) => worker.prewarm(examId, EACH)));

  const allJoin = (): Promise<Answer[]> =>
    Promise.all(students.map(({ token }, index) => (index % 2 ? both[1] : both[0]).join(token, examId)));
  const began = Date.now();
  const answers = await allJoin();
  console.log(`  200 joins of two processes answered within ${((Date.now() - began) / 1000).toFixed(1)} s`);
  const joined = answers.filter(({ status }) => status === 200);
  equal(joined.length, 2 * EACH);
  const refused = answers.filter(({ status, body }) => status === 503 && body.error === 'no_free_desktop');
  equal(refused.length, CROWD - 2 * EACH, 'the others are told that no desktop is free');
  equal(new Set(joined.map(({ body }) => body.ip)).size, 2 * EACH, 'a desktop each');
  await view.counts(
    'twenty sit',
    workers.map((worker) => [worker, EACH]),
  );
  equal((await view.places()).size, 2 * EACH);
  const again = await allJoin();
  deepEqual(
    again.map(({ body }) => body.ip),
    answers.map(({ body }) => body.ip),
    'the same again',
  );
  console.log('  20 sit at a desktop each, 180 heard that none is free; asked again, all the same');
}
