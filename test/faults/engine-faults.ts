import type { OwnEngine } from '../rig/own-engine.ts';
import { EXAM } from './invariants.ts';
import { answersMeanwhile, comesAndGoes, type Fault, handsIn, lost, type Scene } from './scene.ts';

type Signal = 'SIGTERM' | 'SIGKILL';

const SERVICES = ['redis', 'guacd', 'site'];

const nameOf = (signal: Signal, liveRestore: boolean): string =>
  `engine ${signal === 'SIGTERM' ? 'restarted' : 'killed'}, ${liveRestore ? 'with' : 'without'} live-restore`;
const DISK_FULL = 'engine’s disk full while students come and go';

/** The names of them all, in their order. */
export const ENGINE_FAULTS: readonly string[] = [
  nameOf('SIGTERM', true),
  nameOf('SIGKILL', true),
  DISK_FULL,
  nameOf('SIGTERM', false),
  nameOf('SIGKILL', false),
];

/** Faults of the engine itself, provoked on one of our own. */
export function engineFaults(engine: OwnEngine): Fault[] {
  const away = (signal: Signal, liveRestore: boolean): Fault => ({
    name: nameOf(signal, liveRestore),
    replaces: !liveRestore,
    act: async (scene) => {
      // Which of both it is counts when it ends.
      await engine.stop('SIGTERM');
      await engine.start(liveRestore);
      if (!liveRestore) await startServices(scene);
      await scene.invariants.settled();
      await engine.stop(signal);
      await answersMeanwhile(scene);
      await engine.start();
      if (!liveRestore) await startServices(scene);
    },
  });
  return [
    away('SIGTERM', true),
    away('SIGKILL', true),
    {
      name: DISK_FULL,
      act: async (scene) => {
        const { rig, invariants } = scene;
        const [goes, comes] = [scene.newcomer(), scene.newcomer()];
        await invariants.seat(goes);
        try {
          await engine.fillDisk();
          await lost(rig, 'release', { examId: EXAM, userId: goes });
          await lost(rig, 'allocate', { examId: EXAM, userId: comes });
          await answersMeanwhile(scene);
        } finally {
          await engine.freeDisk();
        }
        // Both callers try again, as they do.
        await handsIn(scene, goes);
        await comesAndGoes(scene, comes);
      },
    },
    away('SIGTERM', false),
    away('SIGKILL', false),
  ];
}

/** What the engine took down with it, and Compose would start again: their addresses may have changed. */
async function startServices({ rig, lines, postgres }: Scene): Promise<void> {
  for (const service of SERVICES) await rig.container(service).start();
  await lines.redis.mend({ host: await rig.addressOf('redis'), port: 6379 });
  await lines.guacd.mend({ host: await rig.addressOf('guacd'), port: 4822 });
  await lines.postgres.mend(await postgres.start());
}
