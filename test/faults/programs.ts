import type { Fault } from './scene.ts';

/** Which of them run, by their process names, and how long the desktop may take until each is there again. */
const PROGRAMS = ['xrdp', 'xrdp-sesman', 'Xorg', 'chromium', 'names', 'gate', 'prove', 'xfwm4', 'xfce4-panel', 'keep'];
const BACK_MS = 8_000;

/** Every process of this name in a student's desktop killed: others must be there in their place. */
export const programsKilled: readonly Fault[] = PROGRAMS.map((program) => ({
  name: `${program} killed in a student’s desktop`,
  quick: program === 'chromium',
  goalMs: BACK_MS,
  act: async ({ rig, invariants }) => {
    const seat = [...invariants.seated().values()].at(-1);
    if (!seat) throw new Error('nobody sits here');
    const inside = (command: string) => rig.exec(seat.containerId, ['sh', '-c', command], 'root');
    // With the time of its start: the numbers of processes come again when the desktop starts anew.
    const running = async (): Promise<string[]> => {
      const each = `for p in $(pgrep -x ${program}); do echo $p/$(cut -d' ' -f22 /proc/$p/stat); done`;
      const told = await inside(each).catch(() => ({ output: '' }));
      return told.output.split(/\s+/).filter((text) => /^\d+\/\d+$/.test(text));
    };
    const before = await running();
    if (before.length === 0) throw new Error(`no ${program} runs here`);
    await inside(`kill -KILL ${before.map((text) => text.split('/')[0]).join(' ')}`);
    const isNew = async (): Promise<boolean> => (await running()).some((text) => !before.includes(text));
    await rig.until(`another ${program}`, isNew, BACK_MS);
  },
}));
