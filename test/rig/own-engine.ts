import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { imageReference } from './images.ts';

const run = promisify(execFile);
const HOSTS_ENGINE = 'unix:///var/run/docker.sock';
const IMAGES = ['EXAM_IMAGE_NAME', 'REDIS_IMAGE', 'GUACD_IMAGE', 'NODE_IMAGE', 'POSTGRES_IMAGE'];
/** Sparse: what is used of it is the images twice, while they are taken in. Large enough that no worker calls it nearly full. */
const DISK = '24G';
/** Without live-restore it first ends what an earlier one left running, one by one. */
const UP_MS = 60_000;
const DOWN_MS = 30_000;
/** Blocks that what runs may have let go of in the meantime. */
const NEARLY_NONE = 64;

export interface EngineOptions {
  /** Its disk keeps limits by project; the kernel must know how. */
  readonly quotas?: boolean;
  /** Names of the settings that say which images it has; those that a rig needs unless said. */
  readonly images?: readonly string[];
}

/**
 * A container engine of a test's own that can be ended, killed and starved of disk: its files on a small file system in
 * a file, its networks, mounts and processes in the namespaces of the process that calls this (`spawnInNamespaces`), so that the
 * host's own engine and its rules are out of reach of it.
 */
export class OwnEngine {
  readonly #folder: string;
  readonly #options: EngineOptions;
  #daemon: ChildProcess | undefined;
  #liveRestore = true;

  private constructor(folder: string, options: EngineOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /**
   * Brings it up with the images that a rig needs, taken from the host's engine.
   * @param folder an empty one; whoever made it removes it
   */
  static async open(folder: string, options: EngineOptions = {}): Promise<OwnEngine> {
    const engine = new OwnEngine(folder, options);
    await engine.#open();
    return engine;
  }

  get socket(): string {
    return this.#at('engine.sock');
  }

  async start(liveRestore = this.#liveRestore): Promise<void> {
    this.#liveRestore = liveRestore;
    const log = await open(this.#at('engine.log'), 'a');
    const flags = {
      'config-file': this.#at('config.json'),
      host: `unix://${this.socket}`,
      'data-root': this.#at('disk'),
      'exec-root': this.#at('run'),
      pidfile: this.#at('engine.pid'),
      'cgroup-parent': `/${basename(this.#folder)}`,
    };
    const words = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    this.#daemon = spawn('dockerd', [...words, `--live-restore=${liveRestore}`], {
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    const docker = new Docker({ socketPath: this.socket });
    const end = Date.now() + UP_MS;
    while (
      !(await docker.ping().then(
        () => true,
        () => false,
      ))
    ) {
      if (Date.now() > end || this.#daemon.exitCode !== null)
        throw new Error(`the engine did not come up: ${(await readFile(this.#at('engine.log'), 'utf8')).slice(-2000)}`);
      await pause(50);
    }
  }

  /** Ends the daemon. What runs goes on with live-restore, and ends without. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (!daemon || daemon.exitCode !== null) return;
    const gone = once(daemon, 'exit', { signal: AbortSignal.timeout(DOWN_MS) });
    daemon.kill(signal);
    await gone;
    // A killed daemon leaves this behind, and the next one would believe in it.
    await rm(this.#at('engine.pid'), { force: true });
  }

  /** Takes all room that its disk has left. */
  async fillDisk(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#at('disk'));
    // It takes what it can, and fails for what the file's own map would need.
    await run('fallocate', ['--length', String(bavail * bsize), this.#at('disk/filler')]).catch(() => undefined);
    // What it leaves over, a file takes until nothing goes in any more.
    const rest = await open(this.#at('disk/filler-rest'), 'w');
    for (const size of [65_536, bsize]) {
      const block = Buffer.alloc(size);
      while ((await rest.write(block).catch(() => undefined)) !== undefined);
    }
    await rest.close();
    const left = await statfs(this.#at('disk'));
    if (left.bavail > NEARLY_NONE) throw new Error(`${left.bavail} blocks of the engine’s disk are still free`);
  }

  async freeDisk(): Promise<void> {
    for (const name of ['disk/filler', 'disk/filler-rest']) await rm(this.#at(name), { force: true });
  }

  async close(): Promise<void> {
    await this.stop('SIGTERM');
    // Lazily: whatever still has a file open there lets go of it with this namespace.
    await run('umount', ['--lazy', this.#at('disk')]);
  }

  async #open(): Promise<void> {
    await run('ip', ['link', 'set', 'lo', 'up']);
    await run('truncate', ['--size', DISK, this.#at('disk.img')]);
    const { quotas = false, images: named = IMAGES } = this.#options;
    const features = quotas ? ['-O', 'project,quota'] : [];
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', ...features, this.#at('disk.img')]);
    await run('mkdir', [this.#at('disk')]);
    await run('mount', ['-o', quotas ? 'loop,prjquota' : 'loop', this.#at('disk.img'), this.#at('disk')]);
    // What is mounted keeps it, and it goes with the namespace: gigabytes are never left lying about.
    await rm(this.#at('disk.img'));
    await writeFile(this.#at('config.json'), '{}');
    try {
      await this.start();
      const images = named.map(imageReference).join(' ');
      await run('bash', [
        ...['-c', 'set -o pipefail; docker -H "$1" save $3 | docker -H "$2" load -q', 'load'],
        ...[HOSTS_ENGINE, `unix://${this.socket}`, images],
      ]);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }
}
