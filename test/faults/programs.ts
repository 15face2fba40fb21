import type { Fault } from './scene.ts';

interface Program {
  readonly name: string;
  /** Argument of pgrep that finds it; else its name is the process's. */
  readonly found?: string;
}

const PROGRAMS: readonly Program[] = [
  { name: 'xrdp' },
  { name: 'Xorg' },
  { name: 'chromium' },
  { name: 'names' },
  { name: 'gate' },
  { name: 'prove', found: '-f "^bash /usr/lib/exam/prove"' },
  { name: 'xfwm4' },
  { name: 'xfce4-panel' },
  { name: 'xfdesktop' },
  { name: 'fcitx5' },
  { name: 'dbus-daemon' },
  { name: 'session', found: '-f "^bash /usr/lib/exam/session"' },
  { name: 'xrdp-chansrv' },
  { name: 'xrdp-sesman' },
  { name: 'keep', found: '-f "^bash /usr/lib/exam/keep"' },
];
const BACK_MS = 8_000;

/** Every process of this name in a student's desktop killed: others must be there in their place. */
export const programsKilled: readonly Fault[] = PROGRAMS.map(({ name, found = `-x ${name}` }) => ({
  name: `${name} killed in a student’s desktop`,
  quick: name === 'chromium',
  goals: { usableMs: BACK_MS },
  act: async ({ rig, invariants }) => {
    const seat = [...invariants.seated().values()].at(-1);
    if (!seat) throw new Error('nobody sits here');
    const inside = (command: string) => rig.exec(seat.containerId, ['sh', '-c', command], 'root');
    // With the time of its start: the numbers of processes come again when the desktop starts anew.
    const running = async (): Promise<string[]> => {
      const each = `for p in $(pgrep ${found}); do echo $p/$(cut -d' ' -f22 /proc/$p/stat); done`;
      const told = await inside(each).catch(() => ({ output: '' }));
      return told.output.split(/\s+/).filter((text) => /^\d+\/\d+$/.test(text));
    };
    const before = await running();
    if (before.length === 0) throw new Error(`no ${name} runs here`);
    await inside(`kill -KILL ${before.map((text) => text.split('/')[0]).join(' ')}`);
    const isNew = async (): Promise<boolean> => (await running()).some((text) => !before.includes(text));
    const looking = `another ${name}`;
    await rig
      .until(looking, isNew, BACK_MS)
      .catch(() => Promise.reject(new Error(`no other came within ${BACK_MS} ms`)));
  },
}));
