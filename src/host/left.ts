import { readFile, statfs } from 'node:fs/promises';
import type { HostLeft } from '../desktop/capacity.ts';

const MB = 1024 * 1024;
const FRESH_MS = 1_000;

/**
 * What the host has left, read from the kernel. /proc tells of the whole host inside a container too, and a container's
 * root lies on the file system of the engine's containers.
 */
export class HostReader {
  #seen: { readonly left: HostLeft; readonly at: number } | undefined;

  async left(): Promise<HostLeft> {
    if (this.#seen && performance.now() - this.#seen.at < FRESH_MS) return this.#seen.left;
    const [memoryMb, diskMb, threads] = await Promise.all([availableMb(), freeDiskMb(), freeThreads()]);
    this.#seen = { left: { memoryMb, diskMb, threads }, at: performance.now() };
    return this.#seen.left;
  }
}

async function availableMb(): Promise<number | undefined> {
  const kb = /^MemAvailable:\s+(\d+) kB/m.exec(await read('/proc/meminfo'))?.[1];
  return kb === undefined ? undefined : Math.floor(Number(kb) / 1024);
}

async function freeDiskMb(): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs('/');
    return Math.floor((bavail * bsize) / MB);
  } catch {
    return undefined;
  }
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
