// Three real workers with real desktops under one control-plane: two on the host's engine, one on a machine of its own.
import { ControlPlaneProcess, newPeople, type Person } from '../rig/control-plane.ts';
import { startPostgres } from '../rig/postgres.ts';
import { newSecrets } from '../rig/rig.ts';
import { type Closing, closedAtLast, startExamsAt } from './fleet-ground.ts';
import { type FleetWorker, onHostsEngine, onOwnMachine } from './fleet-machines.ts';
import { type Fleet, type Student, tell } from './fleet-story.ts';
import { FleetView } from './fleet-view.ts';

/** After so long without a heartbeat a worker is stale: settable, and here short. */
const TTL_SEC = 8;
/** Of the first exam, of the second, and two who come late to the second. */
const CLASS = { first: 7, second: 5, late: 2 };

/** Walks through what may happen to it, and prints how it went. @returns the exit code */
export const fleet = (): Promise<number> => closedAtLast((closing) => open(closing).then(tell));

async function open(closing: Closing): Promise<Fleet> {
  const secrets = newSecrets();
  const postgres = await startPostgres('fleet');
  closing.push(() => postgres.stop());
  const { address } = postgres;
  const env = { WORKER_HEARTBEAT_TTL_SEC: String(TTL_SEC) };
  const controlPlane = await new ControlPlaneProcess(secrets, address, env).start();
  closing.push(() => controlPlane.stop());
  const [admin] = (await newPeople(secrets, address, 'ADMIN', ['root'])) as [Person];
  await startExamsAt(1_000_000 + 10 * process.pid, address);

  const link = { secrets, controlPlane: controlPlane.port };
  const opened = <T extends FleetWorker>(worker: T): T => {
    closing.push(() => worker.close());
    return worker;
  };
  console.log('… two workers on the host’s engine, and a machine with an engine of its own (a minute)');
  const a = opened(await onHostsEngine('fleet-a', link));
  const b = opened(await onHostsEngine('fleet-b', link));
  const c = opened(await onOwnMachine('fleet-c', link));

  const exams = [await controlPlane.newExam(admin.token, 'First'), await controlPlane.newExam(admin.token, 'Second')];
  const [first, second] = exams as [number, number];
  const names = Array.from({ length: CLASS.first + CLASS.second + CLASS.late }, (_, index) => `fleet-${index}`);
  const students = (await newPeople(secrets, address, 'STUDENT', names)).map(
    (each, index): Student => ({ ...each, examId: index < CLASS.first ? first : second }),
  );
  const late = students.splice(CLASS.first + CLASS.second);
  const view = new FleetView(controlPlane, admin.token);
  return { a, b, c, controlPlane, admin: admin.token, view, students, late, ttlSec: TTL_SEC, began: Date.now() };
}
