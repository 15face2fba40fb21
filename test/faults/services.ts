import { killed } from './killed.ts';
import { answersMeanwhile, comesAndGoes, type Fault, handsIn } from './scene.ts';

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

/** Redis, guacd and PostgreSQL killed and hung. */
export const services: readonly Fault[] = [
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
