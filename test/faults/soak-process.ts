import { readdir, readFile, readlink } from 'node:fs/promises';

/** A process of this host, as the kernel tells of it. */
export interface Process {
  /** Without the pages of files: how many of those are its own depends on who else on the host runs the same program. */
  readonly memoryMb: number;
  /** The same, and all that it has in common with its forks. */
  readonly wholeMb: number;
  readonly files: number;
  readonly sockets: number;
}

/** Undefined when it has ended. Memory is its own and its share of what it has with others: forks count once. */
export async function processAt(pid: number | undefined): Promise<Process | undefined> {
  if (pid === undefined) return undefined;
  try {
    const maps = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
    const mb = (of: string): number => Number(new RegExp(`^${of}:\\s+(\\d+) kB`, 'm').exec(maps)?.[1]) / 1024;
    const files = await readdir(`/proc/${pid}/fd`);
    const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
    const sockets = targets.filter((target) => target.startsWith('socket:')).length;
    return { memoryMb: mb('Pss_Anon') + mb('Pss_Shmem'), wholeMb: mb('Anonymous'), files: files.length, sockets };
  } catch {
    return undefined;
  }
}
