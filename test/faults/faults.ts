import { setTimeout as pause } from 'node:timers/promises';
import type { Rig } from '../rig/rig.ts';
import type { Seeded } from '../seeded.ts';
import { clockJumps } from './clock-jumps.ts';
import { heartbeatKilled } from './heartbeat.ts';
import { EXAM } from './invariants.ts';
import { killPoints } from './kill-points.ts';
import { programsKilled } from './programs.ts';
import {
  answersMeanwhile,
  comesAndGoes,
  type Fault,
  handsIn,
  type Lines,
  lost,
  OUTAGE_MS,
  type Scene,
} from './scene.ts';

/** A desktop that died is usable again in this time. */
const DESKTOP_MS = 8_000;

const LOOKS = 50;

/** Kills a container and waits until the engine has seen it end. */
async function killed(rig: Rig, containerId: string): Promise<void> {
  const container = rig.docker.getContainer(containerId);
  const gone = container.wait();
  await container.kill();
  await gone;
  // Its list follows by a moment; unless looked at in between, the dead one would pass for one that is well.
  for (let looks = 0; looks < LOOKS; looks++) {
    const [listed] = await rig.docker.listContainers({ all: true, filters: { id: [containerId] } });
    if (listed?.State !== 'running') return;
    await pause(20);
  }
}

async function warmKilled({ rig }: Scene): Promise<void> {
  const warm = (await rig.desktops()).find(({ Names }) => Names[0]?.includes('_pool_'));
  if (!warm) throw new Error('no warm desktop to kill');
  await killed(rig, warm.Id);
}

/** The service's address may be another after its start. */
const PORTS = { redis: 6379, guacd: 4822 };

const outage =
  (service: 'redis' | 'guacd', empty = false): Fault['act'] =>
  async (scene) => {
    const { rig, lines } = scene;
    // Its volume is lost with it: what it wrote is gone, and what it would still write at its end.
    if (empty) await rig.exec(rig.container(service).id, ['sh', '-c', 'rm -rf /data/*']);
    await killed(rig, (await rig.container(service).inspect()).Id);
    await answersMeanwhile(scene);
    await rig.container(service).start();
    await lines[service].mend({ host: await rig.addressOf(service), port: PORTS[service] });
    if (!empty) return;
    const keys = await rig.exec(rig.container(service).id, ['redis-cli', 'config', 'get', 'dir']);
    if (keys.code !== 0) throw new Error(`Redis is not back: ${keys.output}`);
  };

const hung =
  (service: 'redis' | 'guacd'): Fault['act'] =>
  async (scene) => {
    await scene.rig.container(service).pause();
    await answersMeanwhile(scene).finally(() => scene.rig.container(service).unpause());
  };

const network =
  (line: keyof Lines, how: 'cut' | 'hang'): Fault['act'] =>
  async (scene) => {
    await scene.lines[line][how]();
    // What the worker hears of only when the engine is back, and must mend.
    if (line === 'engine') await warmKilled(scene);
    await answersMeanwhile(scene).finally(() => scene.lines[line].mend());
  };

const networks: readonly Fault[] = (['engine', 'redis', 'guacd', 'postgres'] as const).flatMap((line) => [
  { name: `network to ${line} cut for 3 s`, quick: line === 'engine', act: network(line, 'cut') },
  { name: `network to ${line} dead for 3 s`, act: network(line, 'hang') },
]);

const services: readonly Fault[] = [
  { name: 'Redis killed for 3 s', act: outage('redis') },
  { name: 'Redis hung for 3 s', act: hung('redis') },
  { name: 'Redis killed, its volume lost', quick: true, act: outage('redis', true) },
  { name: 'guacd killed for 3 s', quick: true, act: outage('guacd') },
  { name: 'guacd hung for 3 s', act: hung('guacd') },
  {
    name: 'PostgreSQL killed for 3 s',
    act: async (scene) => {
      await scene.postgres.kill();
      await answersMeanwhile(scene);
      await scene.lines.postgres.mend(await scene.postgres.start());
    },
  },
  {
    name: 'PostgreSQL hung while a student comes and goes',
    act: async (scene) => {
      scene.lines.postgres.hang();
      await comesAndGoes(scene, scene.newcomer());
      await answersMeanwhile(scene);
      await scene.lines.postgres.mend();
    },
  },
  {
    name: 'PostgreSQL away, worker killed, a student changes',
    quick: true,
    act: async (scene) => {
      const { rig, invariants, lines } = scene;
      const userId = scene.newcomer();
      await lines.postgres.cut();
      await invariants.seat(userId);
      await rig.stopWorker('SIGKILL');
      await rig.startWorker();
      await handsIn(scene, userId);
      await rig.stopWorker('SIGKILL');
      await rig.startWorker();
      await lines.postgres.mend();
    },
  },
];

const desktops: readonly Fault[] = [
  {
    name: 'a student’s desktop killed',
    quick: true,
    replaces: true,
    goals: { usableMs: DESKTOP_MS },
    act: async ({ rig, invariants }) => {
      const [seat] = [...invariants.seated().values()];
      if (seat) await killed(rig, seat.containerId);
    },
  },
  {
    name: 'a warm desktop killed',
    quick: true,
    act: warmKilled,
  },
  ...programsKilled,
];

/** Every fault, in the order in which they are provoked; with this seed the worker is killed at these moments. */
export function faults(random: Seeded): Fault[] {
  return [
    {
      name: 'worker killed',
      act: async ({ rig }) => {
        await rig.stopWorker('SIGKILL');
        await rig.startWorker();
      },
    },
    ...killPoints(random),
    ...services,
    ...networks,
    heartbeatKilled,
    ...desktops,
    ...clockJumps,
    {
      name: 'twenty allocates at once for one new student',
      quick: true,
      act: async (scene) => {
        const userId = scene.newcomer();
        await Promise.all(Array.from({ length: 20 }, () => lost(scene.rig, 'allocate', { examId: EXAM, userId })));
        await comesAndGoes(scene, userId);
        await pause(OUTAGE_MS);
      },
    },
  ];
}
