// Three real workers with real desktops under one control-plane: two on the host's engine and one on a machine of its own,
// or three compose projects on the host's engine, as an operator starts them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseAddress } from '../../src/postgres/database.ts';
import { ControlPlane, ControlPlaneProcess, newPeople, type Person } from '../rig/control-plane.ts';
import { startPostgres } from '../rig/postgres.ts';
import { newSecrets, type Secrets } from '../rig/rig.ts';
import { type Closing, closedAtLast, startExamsAt } from './fleet-ground.ts';
import { type FleetWorker, onHostsEngine, onOwnMachine } from './fleet-machines.ts';
import { Project, removeImage } from './fleet-projects.ts';
import { type Fleet, type Student, tell } from './fleet-story.ts';
import { FleetView } from './fleet-view.ts';

/** After so long without a heartbeat a worker is stale: settable, and here short. */
const TTL_SEC = 8;
/** Of the first exam, of the second, and two who come late to the second. */
const CLASS = { first: 7, second: 5, late: 2 };

type Ground = Pick<Fleet, 'a' | 'b' | 'c' | 'controlPlane' | 'log'> & {
  readonly secrets: Secrets;
  readonly address: DatabaseAddress;
};

/** Walks through what may happen to it, and prints how it went. @returns the exit code */
export const fleet = (isOfProjects: boolean): Promise<number> =>
  closedAtLast(async (closing) => {
    const ground = isOfProjects ? await openProjects(closing) : await openMachines(closing);
    await tell(await enrolled(ground));
  });

async function openMachines(closing: Closing): Promise<Ground> {
  const secrets = newSecrets();
  const postgres = await startPostgres('fleet');
  closing.push(() => postgres.stop());
  const { address } = postgres;
  const env = { WORKER_HEARTBEAT_TTL_SEC: String(TTL_SEC) };
  const controlPlane = new ControlPlaneProcess(secrets, address, env);
  closing.push(() => controlPlane.stop());
  await controlPlane.start();

  const link = { secrets, controlPlane: controlPlane.port };
  const opened = <T extends FleetWorker>(worker: T): T => {
    closing.push(() => worker.close());
    return worker;
  };
  console.log('… two workers on the host’s engine, and a machine with an engine of its own (a minute)');
  const a = opened(await onHostsEngine('fleet-a', link));
  const b = opened(await onHostsEngine('fleet-b', link));
  const c = opened(await onOwnMachine('fleet-c', link));
  return { a, b, c, controlPlane, log: async () => controlPlane.log, secrets, address };
}

/** The control-plane of a compose project, at the address that it publishes. */
class PublishedControlPlane extends ControlPlane {
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
  }
}

async function openProjects(closing: Closing): Promise<Ground> {
  const secrets = newSecrets();
  const folder = await mkdtemp(join(tmpdir(), 'vdi-fleet-'));
  closing.push(() => rm(folder, { recursive: true }), removeImage);
  const stack = { secrets, folder, ttlSec: TTL_SEC };
  console.log('… start.sh --standalone, and start.sh for two workers beside it (a minute)');
  const started = async (name: string, controlPlane?: string): Promise<Project> => {
    const project = await Project.plan({ ...stack, name, ...(controlPlane ? { controlPlane } : {}) });
    closing.push(() => project.close());
    return project.start();
  };
  const a = await started('fleet-a');
  const b = await started('fleet-b', `${a.console}/api`);
  const c = await started('fleet-c', `${a.console}/api`);
  const controlPlane = new PublishedControlPlane(a.console);
  return { a, b, c, controlPlane, log: () => a.log('control_plane'), secrets, address: await a.database() };
}

async function enrolled({ secrets, address, ...ground }: Ground): Promise<Fleet> {
  const { controlPlane } = ground;
  const [admin] = (await newPeople(secrets, address, 'ADMIN', ['root'])) as [Person];
  await startExamsAt(1_000_000 + 10 * process.pid, address);
  const exams = [await controlPlane.newExam(admin.token, 'First'), await controlPlane.newExam(admin.token, 'Second')];
  const [first, second] = exams as [number, number];
  const names = Array.from({ length: CLASS.first + CLASS.second + CLASS.late }, (_, index) => `fleet-${index}`);
  const students = (await newPeople(secrets, address, 'STUDENT', names)).map(
    (each, index): Student => ({ ...each, examId: index < CLASS.first ? first : second }),
  );
  const late = students.splice(CLASS.first + CLASS.second);
  const view = new FleetView(controlPlane, admin.token);
  return { ...ground, admin: admin.token, view, students, late, ttlSec: TTL_SEC, began: Date.now() };
}
