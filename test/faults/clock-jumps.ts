import { writeFile } from 'node:fs/promises';
import { answersMeanwhile, comesAndGoes, type Fault, GOAL_MS, PROOF_MS, type Scene } from './scene.ts';

const HOUR_MS = 3_600_000;

/**
 * The worker's clock is wrong for a while, and right again. Only the worker's: the engine's cannot be moved without the
 * host's, so what the worker would make of new proofs meanwhile, which carry the engine's time, is not judged.
 */
function jumped(words: string, ms: number, meanwhile: Fault['act'], goals?: Fault['goals']): Fault {
  return {
    name: `clock ${words}`,
    ...(goals ? { goals } : {}),
    act: async (scene) => {
      await jump(scene, ms);
      try {
        await meanwhile(scene);
      } finally {
        await jump(scene, 0);
      }
    },
  };
}

/** A student comes and goes; what the worker logs of it must show the time that its clock says. */
const whileSomebodyComes =
  (ms: number): Fault['act'] =>
  async (scene) => {
    const { rig, warm } = scene;
    // Whose lock is still to be proved while the clocks differ, nobody gets.
    if (warm === 0) throw new Error('this needs a warm desktop: --warm 1');
    const from = rig.log.length;
    await comesAndGoes(scene, scene.newcomer());
    const told = Number(/"time":(\d+)[^\n]*desktop allocated/.exec(rig.log.slice(from))?.[1]);
    if (!(Math.abs(told - Date.now() - ms) < HOUR_MS / 2)) throw new Error(`the clock did not jump: log says ${told}`);
  };

const startsAnew: Fault['act'] = async (scene) => {
  await scene.rig.stopWorker('SIGKILL');
  await scene.rig.startWorker();
  await answersMeanwhile(scene);
};

async function jump({ rig, clockFile }: Scene, ms: number): Promise<void> {
  await writeFile(clockFile, String(ms));
  const from = rig.log.length;
  rig.signalWorker('SIGUSR2');
  await rig.until('the clock jumped', async () => rig.log.slice(from).includes('the clock says'), 5_000);
}

const AHEAD = 2 * HOUR_MS;

export const clockJumps: readonly Fault[] = [
  jumped('two hours ahead while a student comes and goes', AHEAD, whileSomebodyComes(AHEAD)),
  jumped('two hours behind while a student comes and goes', -AHEAD, whileSomebodyComes(-AHEAD)),
  // It cannot tell a proof of two hours ago from one of now: nobody gets a pool's desktop until its next has come.
  jumped('two hours ahead, worker killed', AHEAD, startsAnew, { backMs: PROOF_MS + GOAL_MS }),
  jumped('two hours behind, worker killed', -AHEAD, startsAnew),
];
