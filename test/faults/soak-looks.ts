import { readFile, stat } from 'node:fs/promises';
import type { Held } from '../rig/collected.ts';
import type { Rig } from '../rig/rig.ts';
import type { Series } from './soak-flat.ts';
import { type Process, processAt } from './soak-process.ts';

const MB = 2 ** 20;
/** Of what a process has told of its heap, which it does every 10 s. */
const OLDEST_MS = 40_000;
/** What grows with each desktop trembles with their number. */
const SHARE = 0.05;

/** Processes outside of containers, and the files in which they tell of their heap. */
export interface Watched {
  readonly name: string;
  pid(): number | undefined;
  readonly heapFile: string;
}

/** Everything that could grow, looked at again and again. */
export class SoakLooks {
  readonly #rig: Rig;
  readonly #watched: readonly Watched[];
  readonly #series = new Map<string, Omit<Series, 'name'> & { values: number[] }>();

  constructor(rig: Rig, watched: readonly Watched[]) {
    this.#rig = rig;
    this.#watched = watched;
  }

  async look(): Promise<void> {
    for (const { name, pid, heapFile } of this.#watched) {
      const one = await processAt(pid());
      if (!one) throw new Error(`${name} has ended`);
      this.#add(`${name} memory`, 'MB', 8, one.memoryMb);
      const { heapUsed, compiled, arrayBuffers } = await toldBy(name, heapFile);
      this.#add(`${name} objects`, 'MB', 1, (heapUsed - compiled) / MB, 0);
      // The tunnel keeps up to 4 MB for its next messages (slabs.ts).
      this.#add(`${name} buffers`, 'MB', 4, arrayBuffers / MB, 0);
      // Grows until all that is used often is compiled, ever more slowly: a figure of its own, or it would hide what leaks.
      this.#add(`${name} compiled code`, 'MB', 2, compiled / MB, 0);
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
      const listener = all.find(({ isFirst }) => isFirst);
      this.#add('guacd’s listener, file descriptors', '', 4, listener?.files ?? Number.NaN);
      // The only one that stays: what it leaked would be lost in the sum over all.
      this.#add('guacd’s listener, memory', 'MB', 2, listener?.wholeMb ?? Number.NaN);
    }
    // A desktop has two volumes.
    for (const [name, count] of Object.entries(await counts(this.#rig)))
      this.#add(name, '', name === 'volumes' ? 4 : 2, count);
  }

  /** How many of everything there are now that must be nobody's at the end. */
  async counts(): Promise<Record<string, number>> {
    return {
      ...(await counts(this.#rig)),
      'guacd connections': (await this.#processesOf('guacd')).length - 2,
      'sessions in Redis': await this.#sessionsInRedis(),
    };
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

  async #sessionsInRedis(): Promise<number> {
    const redis = this.#rig.container('redis').id;
    const told = ['vdi:session:*', 'vdi:tunnel:*'].map((keys) =>
      this.#rig.exec(redis, ['redis-cli', '--raw', 'keys', keys]),
    );
    return (await Promise.all(told)).flatMap(({ output }) => output.split(/\s+/).filter(Boolean)).length;
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

  #add(name: string, unit: string, noise: number, value: number, share = SHARE): void {
    const series = this.#series.get(name) ?? { unit, noise, share, values: [] };
    series.values.push(value);
    this.#series.set(name, series);
  }
}

/** @throws when it tells nothing any more: the same figure for ever would be flat */
async function toldBy(name: string, heapFile: string): Promise<Held> {
  const { mtimeMs } = await stat(heapFile);
  if (Date.now() - mtimeMs > OLDEST_MS) throw new Error(`${name} has told nothing of its heap for ${OLDEST_MS} ms`);
  return JSON.parse(await readFile(heapFile, 'utf8'));
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
