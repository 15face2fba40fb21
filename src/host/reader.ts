import { readFileSync, statfsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import type { Disk, HostLeft } from '../desktop/capacity.ts';
import type { HostLoad } from '../desktop/refill-pace.ts';

const MB = 1024 * 1024;
const FRESH_MS = 1_000;
/** Long enough to tell a moment from a busy time, short enough to give way to a student who just came. */
const SPAN_MS = 1_000;

/**
 * How the host stands, read from the kernel. /proc tells of the whole host inside a container too, and a container's
 * root lies on the file system of the engine's containers.
 */
export class HostReader {
  #seen: { readonly left: HostLeft; readonly at: number } | undefined;

  #stall: { readonly totalMs: number; readonly at: number; readonly share: number | undefined } | undefined;

  load(): HostLoad {
    const cores = availableParallelism();
    return { cores, stalled: this.#stalled(), perCore: (loadavg()[0] ?? 0) / cores };
  }

  // The kernel's own averages lag by ten seconds; the total tells of the span since we last looked.
  #stalled(): number | undefined {
    const at = performance.now();
    const before = this.#stall;
    if (before && at - before.at < SPAN_MS) return before.share;
    const totalMs = stalledMs();
    if (totalMs === undefined) return undefined;
    const share = before ? Math.min(1, (totalMs - before.totalMs) / (at - before.at)) : undefined;
    this.#stall = { totalMs, at, share };
    return share;
  }

  /** Undefined where it cannot be told. */
  disk(): Disk | undefined {
    try {
      const { bavail, blocks, bsize, ffree, files } = statfsSync('/');
      const mb = (count: number): number => Math.floor((count * bsize) / MB);
      return { freeMb: mb(bavail), totalMb: mb(blocks), freeFiles: ffree, totalFiles: files };
    } catch {
      return undefined;
    }
  }

  async left(): Promise<HostLeft> {
    if (this.#seen && performance.now() - this.#seen.at < FRESH_MS) return this.#seen.left;
    const [memoryMb, threads] = await Promise.all([availableMb(), freeThreads()]);
    const disk = this.disk();
    const diskFiles = disk && disk.totalFiles > 0 ? disk.freeFiles : undefined;
    this.#seen = { left: { memoryMb, diskMb: disk?.freeMb, diskFiles, threads }, at: performance.now() };
    return this.#seen.left;
  }
}

/** Time since boot in which something that could run had no core; undefined where the kernel does not count it. */
function stalledMs(): number | undefined {
  try {
    const total = /^some .*total=(\d+)/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1];
    return total === undefined ? undefined : Number(total) / 1000;
  } catch {
    return undefined;
  }
}

async function availableMb(): Promise<number | undefined> {
  const kb = /^MemAvailable:\s+(\d+) kB/m.exec(await read('/proc/meminfo'))?.[1];
  return kb === undefined ? undefined : Math.floor(Number(kb) / 1024);
}

async function freeThreads(): Promise<number | undefined> {
  const [load, ...limits] = await Promise.all(
    ['/proc/loadavg', '/proc/sys/kernel/threads-max', '/proc/sys/kernel/pid_max'].map(read),
  );
  const running = /\d+\/(\d+)/.exec(load ?? '')?.[1];
  const most = Math.min(...limits.map((text) => Number.parseInt(text, 10)));
  return running === undefined || Number.isNaN(most) ? undefined : most - Number(running);
}

function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
