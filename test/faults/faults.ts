import { setTimeout as pause } from 'node:timers/promises';
import type { Line } from '../rig/line.ts';
import type { TestPostgres } from '../rig/postgres.ts';
import type { Rig } from '../rig/rig.ts';
import type { Seeded } from '../seeded.ts';
import type { Invariants } from './invariants.ts';

export interface Scene {
  readonly rig: Rig;
  /** The history's database, and the line that leads to it. */
  readonly postgres: TestPostgres;
  readonly line: Line;
  readonly examId: number;
  readonly invariants: Invariants;
  readonly random: Seeded;
}

export interface Fault {
  readonly name: string;
  /** Part of `-- --quick`. */
  readonly quick?: boolean;
  /** The desktop's container itself died, so another may have taken its place. */
  readonly replaces?: boolean;
  act(scene: Scene): Promise<void>;
}

const OUTAGE_MS = 3_000;
const LISTED_MS = 300;

/** A call whose caller may never see the answer. */
const lost = (rig: Rig, path: string, body: object): Promise<void> =>
  rig.call(`/api/vdi/cluster/${path}`, body).then(
    () => undefined,
    () => undefined,
  );

/** Kills the worker at a random moment inside a call, then starts it again. */
function killedInside(
  path: string,
  body: (examId: number) => object,
  after: (scene: Scene) => Promise<void>,
): Fault['act'] {
  return async (scene) => {
    const call = lost(scene.rig, path, body(scene.examId));
    await pause(scene.random.whole(0, 40));
    await scene.rig.stopWorker('SIGKILL');
    await call;
    await scene.rig.startWorker();
    await after(scene);
  };
}

/** Kills a container and waits until the engine has seen it end. */
async function killed(rig: Rig, containerId: string): Promise<void> {
  const container = rig.docker.getContainer(containerId);
  const gone = container.wait();
  await container.kill();
  await gone;
  // The engine's list follows the end by a moment; the worker sees by the list.
  await pause(LISTED_MS);
}

const outage =
  (service: string): Fault['act'] =>
  async ({ rig }) => {
    await rig.container(service).kill();
    await pause(OUTAGE_MS);
    await rig.container(service).start();
  };

const hung =
  (service: string): Fault['act'] =>
  async ({ rig }) => {
    await rig.container(service).pause();
    await pause(OUTAGE_MS);
    await rig.container(service).unpause();
  };

export const faults: readonly Fault[] = [
  {
    name: 'worker killed',
    quick: true,
    act: async ({ rig }) => {
      await rig.stopWorker('SIGKILL');
      await rig.startWorker();
    },
  },
  {
    name: 'worker killed inside allocate, caller retries',
    quick: true,
    act: killedInside(
      'allocate',
      (examId) => ({ examId, userId: 20 }),
      ({ invariants }) => invariants.seat(20),
    ),
  },
  {
    name: 'worker killed inside release, caller retries',
    quick: true,
    act: killedInside(
      'release',
      (examId) => ({ examId, userId: 20 }),
      async ({ rig, examId, invariants }) => {
        await rig.call('/api/vdi/cluster/release', { examId, userId: 20 });
        invariants.forget(20);
      },
    ),
  },
  {
    name: 'worker killed inside prewarm',
    act: killedInside(
      'prewarm',
      (examId) => ({ examId, count: 3 }),
      async ({ rig, examId }) => lost(rig, 'prewarm', { examId, count: 2 }),
    ),
  },
  {
    name: 'worker killed inside reconcile',
    act: killedInside(
      'reconcile',
      () => ({}),
      async () => undefined,
    ),
  },
  { name: 'Redis killed for 3 s', quick: true, act: outage('redis') },
  { name: 'Redis hung for 3 s', act: hung('redis') },
  {
    name: 'Redis emptied and killed',
    quick: true,
    act: async ({ rig }) => {
      await rig.exec(rig.container('redis').id, ['redis-cli', 'flushall']);
      await rig.container('redis').restart({ t: 0 });
    },
  },
  { name: 'guacd killed for 3 s', quick: true, act: outage('guacd') },
  { name: 'guacd hung for 3 s', act: hung('guacd') },
  {
    name: 'PostgreSQL killed for 3 s',
    act: async ({ postgres, line }) => {
      await postgres.kill();
      await pause(OUTAGE_MS);
      await line.mend(await postgres.start());
    },
  },
  {
    name: 'PostgreSQL hung while a student comes and goes',
    act: async ({ rig, examId, invariants, line }) => {
      line.hang();
      await invariants.seat(26);
      await lost(rig, 'release', { examId, userId: 26 });
      invariants.forget(26);
      await pause(OUTAGE_MS);
      await line.mend();
    },
  },
  {
    name: 'PostgreSQL away, worker killed, a student changes',
    quick: true,
    act: async ({ rig, examId, invariants, line }) => {
      await line.cut();
      await invariants.seat(25);
      await rig.stopWorker('SIGKILL');
      await rig.startWorker();
      await lost(rig, 'release', { examId, userId: 25 });
      invariants.forget(25);
      await rig.stopWorker('SIGKILL');
      await rig.startWorker();
      await line.mend();
    },
  },
  {
    name: 'a student’s desktop killed',
    quick: true,
    replaces: true,
    act: async ({ rig, invariants }) => {
      const [, containerId] = [...invariants.seated()][0] ?? [];
      if (containerId) await killed(rig, containerId);
    },
  },
  {
    name: 'a warm desktop killed',
    quick: true,
    act: async ({ rig }) => {
      const warm = (await rig.desktops()).find(({ Names }) => Names[0]?.includes('_pool_'));
      if (warm) await killed(rig, warm.Id);
    },
  },
  ...['xrdp', 'Xorg', 'chromium', 'xrdp-sesman', 'names'].map((program) => ({
    name: `${program} killed in a student’s desktop`,
    act: async ({ rig, invariants }: Scene) => {
      const [, containerId] = [...invariants.seated()][1] ?? [];
      if (containerId) await rig.exec(containerId, ['pkill', '-KILL', '-x', program], 'root');
      await pause(OUTAGE_MS);
    },
  })),
  {
    name: 'twenty allocates at once for one new student',
    quick: true,
    act: async ({ rig, examId, invariants }) => {
      await Promise.all(Array.from({ length: 20 }, () => lost(rig, 'allocate', { examId, userId: 30 })));
      await invariants.seat(30);
    },
  },
];
