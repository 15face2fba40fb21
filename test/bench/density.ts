import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Rig } from '../rig/rig.ts';
import { atMost, examId, type Ground, type Measured, prewarm, untilWarm } from './ground.ts';
import { processMemory } from './process-memory.ts';
import { median, rounded } from './stats.ts';

const EXAM = examId(7);
const STEPS = [0, 10, 20];
const SETTLE_MS = 12_000;
const LOOKS = 10;
const LOOK_MS = 1_000;
const KB_IN_MB = 1024;

interface Look {
  readonly desktops: number;
  readonly availableMb: number;
  readonly busyCores: number;
  readonly guacdMb: number;
  readonly guacdCores: number;
  /** What the desktops' own control groups count as theirs, page cache aside. */
  readonly desktopsMb: number;
  readonly desktopsCores: number;
}

/** What one more warm desktop takes of the host: its own memory and CPU, the worker's, Docker's and guacd's share. */
export async function measure(ground: Ground): Promise<Measured> {
  const most = STEPS.at(-1) ?? 0;
  const rig = await ground.worker(most);
  const looks: Look[] = [];
  for (const desktops of STEPS) {
    if (desktops > 0) {
      await prewarm(rig, EXAM, desktops);
      await untilWarm(rig, EXAM, desktops);
    }
    await pause(SETTLE_MS);
    const look = await lookAt(rig, desktops);
    looks.push(look);
    ground.say(`${desktops} warm: ${look.availableMb} MB available, ${look.busyCores} cores busy`);
  }
  const [none, last] = [looks[0], looks.at(-1)];
  if (!none || !last) throw new Error('nothing was looked at');
  const each = rounded((none.availableMb - last.availableMb) / most);
  const steps = looks.slice(1).map((look, index) => {
    const before = looks[index] ?? none;
    return rounded((before.availableMb - look.availableMb) / (look.desktops - before.desktops));
  });
  const [desktop] = await rig.desktops();
  const inside = desktop ? await processMemory(rig.docker.getContainer(desktop.Id)) : [];
  for (const { name, processes, own, pss } of inside.slice(0, 12))
    ground.say(`${name} (${processes}): ${own} MB of its own, ${pss} MB with its share of files`);
  return {
    figures: {
      looks,
      'one desktop by program, MB': inside.slice(0, 12),
      'one desktop’s own, MB in all': rounded(inside.reduce((sum, { own }) => sum + own, 0)),
      'host MB per warm desktop, guacd and worker included': each,
      'the same by step': steps,
      'of that guacd MB': rounded((last.guacdMb - none.guacdMb) / most),
      'of that the desktop’s own control group MB': rounded(last.desktopsMb / most),
      'host cores busy per warm desktop': rounded((last.busyCores - none.busyCores) / most),
      'by control groups: cores per warm desktop, guacd included': rounded(
        (last.desktopsCores + last.guacdCores - none.guacdCores) / most,
      ),
    },
    ratios: {},
    goals: [atMost('host memory per warm desktop, MB', 260, each)],
  };
}

async function lookAt(rig: Rig, desktops: number): Promise<Look> {
  const containers = (await rig.desktops()).map(({ Id }) => rig.docker.getContainer(Id));
  const usage = async () =>
    Promise.all([rig.container('guacd'), ...containers].map((each) => each.stats({ stream: false, 'one-shot': true })));
  const [began, before, busyBefore] = [performance.now(), await usage(), busySeconds()];
  const available: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    await pause(LOOK_MS);
    available.push(availableMb());
  }
  const busy = busySeconds() - busyBefore;
  const after = await usage();
  const seconds = (performance.now() - began) / 1000;
  const cores = after.map(
    (stats, index) =>
      (stats.cpu_stats.cpu_usage.total_usage - (before[index]?.cpu_stats.cpu_usage.total_usage ?? 0)) / 1e9 / seconds,
  );
  const memory = after.map(
    ({ memory_stats: { usage: all, stats } }) =>
      (all - (stats.inactive_file ?? stats.total_inactive_file ?? 0)) / 2 ** 20,
  );
  const sum = (values: readonly number[]) => rounded(values.reduce((total, value) => total + value, 0));
  return {
    desktops,
    availableMb: median(available),
    busyCores: rounded(busy / ((LOOKS * LOOK_MS) / 1000)),
    guacdMb: sum(memory.slice(0, 1)),
    guacdCores: sum(cores.slice(0, 1)),
    desktopsMb: sum(memory.slice(1)),
    desktopsCores: sum(cores.slice(1)),
  };
}

function availableMb(): number {
  const line = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'));
  return Math.round(Number(line?.[1]) / KB_IN_MB);
}

/** Seconds that all cores together have worked since the machine's start. */
function busySeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? ''
  )
    .split(/\s+/)
    .map(Number);
  return (user + nice + system + irq + softirq) / 100;
}
