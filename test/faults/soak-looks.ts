import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Rig } from '../rig/rig.ts';
import type { Series } from './soak-flat.ts';

const MB = 2 ** 20;

/** Processes outside of containers, and the files in which they tell of their heap. */
export interface Watched {
  readonly name: string;
  pid(): number | undefined;
  readonly heapFile: string;
}

interface Process {
  readonly memoryMb: number;
  readonly files: number;
  readonly sockets: number;
}

/** Everything that could grow, looked at again and again. */
export class SoakLooks {
  readonly #rig: Rig;
  readonly #watched: readonly Watched[];
  readonly #series = new Map<string, { unit: string; noise: number; values: number[] }>();

  constructor(rig: Rig, watched: readonly Watched[]) {
    this.#rig = rig;
    this.#watched = watched;
  }

  async look(): Promise<void> {
    for (const { name, pid, heapFile } of this.#watched) {
      const one = await processAt(pid());
      if (!one) throw new Error(`${name} has ended`);
      this.#add(`${name} memory`, 'MB', 8, one.memoryMb);
      const { heapUsed, arrayBuffers } = JSON.parse(await readFile(heapFile, 'utf8'));
      this.#add(`${name} heap, collected`, 'MB', 2, (heapUsed + arrayBuffers) / MB);
      this.#addHandles(name, [one]);
    }
    for (const service of ['guacd', 'redis']) {
      const all = await this.#processesOf(service);
      const sum = all.reduce((total, { memoryMb }) => total + memoryMb, 0);
      this.#add(`${service} memory`, 'MB', service === 'guacd' ? 16 : 4, sum);
      this.#addHandles(service, all);
      if (service !== 'guacd') continue;
      // One for each connection that it holds, beside the one that listens and its init; each begins as a copy of that one.
      this.#add('guacd connections', '', 2, all.length - 2);
      this.#add('guacd’s listener, file descriptors', '', 4, all.find(({ isFirst }) => isFirst)?.files ?? Number.NaN);
    }
    // A desktop has two volumes.
    for (const [name, count] of Object.entries(await counts(this.#rig)))
      this.#add(name, '', name === 'volumes' ? 4 : 2, count);
  }

  /** How many of everything there are now that must be nobody's at the end. */
  async counts(): Promise<Record<string, number>> {
    return { ...(await counts(this.#rig)), 'guacd connections': (await this.#processesOf('guacd')).length - 2 };
  }

  /** What was looked at until now does not count. */
  forget(): void {
    this.#series.clear();
  }

  all(): Series[] {
    return [...this.#series].map(([name, series]) => ({ name, ...series }));
  }

  last(name: string): number {
    return this.#series.get(name)?.values.at(-1) ?? Number.NaN;
  }

  async #processesOf(service: string): Promise<(Process & { readonly isFirst: boolean })[]> {
    const { Processes, Titles } = await this.#rig.container(service).top();
    const rows: string[][] = Processes;
    const of = (title: string): number[] => rows.map((row) => Number(row[Titles.indexOf(title)]));
    const [pids, parents] = [of('PID'), of('PPID')];
    const all = await Promise.all(pids.map((pid) => processAt(pid)));
    // Below the init, whose own parent is the engine's, the service itself; below that, what it forked.
    const init = pids.find((_, at) => !pids.includes(parents[at] ?? 0));
    return all.flatMap((one, at) => (one ? { ...one, isFirst: parents[at] === init } : []));
  }

  /** Of each process: how many processes there are is another figure. */
  #addHandles(name: string, all: readonly Process[]): void {
    const each = (of: 'files' | 'sockets') => all.reduce((total, one) => total + one[of], 0) / all.length;
    this.#add(`${name} file descriptors`, '', 4, each('files'));
    this.#add(`${name} sockets`, '', 4, each('sockets'));
  }

  #add(name: string, unit: string, noise: number, value: number): void {
    const series = this.#series.get(name) ?? { unit, noise, values: [] };
    series.values.push(value);
    this.#series.set(name, series);
  }
}

/** Undefined when it has ended. Memory is its own and its share of what it has with others: forks count once. */
async function processAt(pid: number | undefined): Promise<Process | undefined> {
  if (pid === undefined) return undefined;
  try {
    const kb = /^Pss:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
    const files = await readdir(`/proc/${pid}/fd`);
    const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
    const sockets = targets.filter((target) => target.startsWith('socket:')).length;
    return { memoryMb: Number(kb) / 1024, files: files.length, sockets };
  } catch {
    return undefined;
  }
}

async function counts(rig: Rig): Promise<Record<string, number>> {
  const carriers = await rig.docker.listContainers({ all: true, filters: { label: [`vdi.keeper=${rig.code}`] } });
  const networks = await rig.docker.listNetworks({ filters: { name: [rig.code] } });
  return {
    desktops: (await rig.desktops()).length,
    'carriers of students’ files': carriers.length,
    volumes: (await rig.volumes()).length,
    networks: networks.length,
  };
}
