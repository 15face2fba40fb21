import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import { rounded } from './stats.ts';

const KB_IN_MB = 1024;

export interface ProcessMemory {
  readonly name: string;
  readonly processes: number;
  /** Memory without a file behind it, shared pages by their share: what one more of these costs. MB. */
  readonly own: number;
  /** The same with the pages of programs and libraries, which all desktops share. MB. */
  readonly pss: number;
}

/** What the processes of a container take, the same program together, the largest first. Needs to be root on the engine's host. */
export async function processMemory(container: Docker.Container): Promise<ProcessMemory[]> {
  const top = (await container.top({ ps_args: '-eo pid' })) as { Processes?: string[][] };
  const found = new Map<string, ProcessMemory>();
  for (const [pid = ''] of top.Processes ?? []) {
    const one = readProcess(pid);
    if (!one) continue;
    const before = found.get(one.name);
    found.set(one.name, {
      name: one.name,
      processes: (before?.processes ?? 0) + 1,
      own: rounded((before?.own ?? 0) + one.own),
      pss: rounded((before?.pss ?? 0) + one.pss),
    });
  }
  return [...found.values()].sort((a, b) => b.own - a.own);
}

function readProcess(pid: string): Omit<ProcessMemory, 'processes'> | undefined {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const mb = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) / KB_IN_MB;
    const [command = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').split(' ');
    const kind = args.find((arg) => arg.startsWith('--type='))?.slice(7);
    const program = command.split('/').at(-1) || '?';
    const name = program === 'bash' || program === 'sh' ? `${program} ${args[0]?.split('/').at(-1) ?? ''}` : program;
    return { name: kind ? `${name} ${kind}` : name, own: mb('Pss_Anon') + mb('Pss_Shmem'), pss: mb('Pss') };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
