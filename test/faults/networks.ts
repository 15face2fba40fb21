import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Rig } from '../rig/rig.ts';
import { warmKilled } from './killed.ts';
import { answersMeanwhile, type Fault, type Lines } from './scene.ts';

const run = promisify(execFile);

const network =
  (line: keyof Lines, how: 'cut' | 'hang'): Fault['act'] =>
  async (scene) => {
    await scene.lines[line][how]();
    // What the worker hears of only when the engine is back, and must mend.
    if (line === 'engine') await warmKilled(scene);
    await answersMeanwhile(scene).finally(() => scene.lines[line].mend());
  };

/** The worker's ways to its services. */
const lines: readonly Fault[] = (['engine', 'redis', 'guacd', 'postgres'] as const).flatMap((line) => [
  { name: `network to ${line} cut for 3 s`, quick: line === 'engine', act: network(line, 'cut') },
  { name: `network to ${line} dead for 3 s`, act: network(line, 'hang') },
]);

/** The host's end of a desktop's line. */
export async function lineOf(rig: Rig, containerId: string): Promise<string> {
  const { output } = await rig.exec(containerId, ['cat', '/sys/class/net/eth0/iflink']);
  const { stdout } = await run('ip', ['-o', 'link']);
  const [, name] = new RegExp(`^${Number(output)}: ([^@:]+)`, 'm').exec(stdout) ?? [];
  if (name === undefined) throw new Error(`no line ${output} on this host`);
  return name;
}

/** Guacd and the worker are at one end of it, a student's desktop at the other. */
const desktopCutOff: Fault = {
  name: 'network of a student’s desktop cut for 3 s',
  act: async (scene) => {
    const { rig, invariants } = scene;
    const [seat] = invariants.seated().values();
    if (!seat) throw new Error('nobody sits here');
    const line = await lineOf(rig, seat.containerId);
    await run('ip', ['link', 'set', line, 'down']);
    await answersMeanwhile(scene).finally(() => run('ip', ['link', 'set', line, 'up']));
  },
};

export const networks: readonly Fault[] = [...lines, desktopCutOff];
