import { emptied, killed, startAgain } from './killed.ts';
import { answersMeanwhile, comesAndGoes, type Fault, handsIn } from './scene.ts';

const outage =
  (service: 'redis' | 'guacd', empty = false): Fault['act'] =>
  async (scene) => {
    const { rig } = scene;
    if (empty) await emptied(scene);
    await killed(rig, (await rig.container(service).inspect()).Id);
    await answersMeanwhile(scene);
    await startAgain(scene, service);
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
