import { writeFile } from 'node:fs/promises';
import { EXAM } from './invariants.ts';
import { type Fault, lost, type Scene } from './scene.ts';

const HOUR_MS = 3_600_000;
const STUDENT = 28;

/** The worker's clock jumps while a student comes and goes; what the worker logs must show the jumped time. */
function jumped(words: string, ms: number, restarted: boolean): Fault {
  return {
    name: `clock ${words}${restarted ? ', worker killed' : ''}`,
    quick: ms > 0 && !restarted,
    act: async (scene) => {
      const { rig, invariants } = scene;
      await jump(scene, ms);
      if (restarted) {
        await rig.stopWorker('SIGKILL');
        await rig.startWorker();
      }
      const from = rig.log.length;
      await invariants.seat(STUDENT);
      const told = Number(/"time":(\d+)[^\n]*desktop allocated/.exec(rig.log.slice(from))?.[1]);
      if (!(Math.abs(told - Date.now() - ms) < HOUR_MS / 2))
        throw new Error(`the clock did not jump: log says ${told}`);
      await lost(rig, 'release', { examId: EXAM, userId: STUDENT });
      invariants.forget(STUDENT);
    },
  };
}

async function jump({ rig, clockFile }: Scene, ms: number): Promise<void> {
  await writeFile(clockFile, String(ms));
  const from = rig.log.length;
  rig.signalWorker('SIGUSR2');
  await rig.until('the clock jumped', async () => rig.log.slice(from).includes('the clock says'), 5_000);
}

export const clockJumps: readonly Fault[] = [
  jumped('two hours ahead', 2 * HOUR_MS, false),
  jumped('two hours ahead', 2 * HOUR_MS, true),
  jumped('two hours back from there', 0, false),
  jumped('two hours behind', -2 * HOUR_MS, false),
  jumped('right again', 0, true),
];
