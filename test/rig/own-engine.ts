import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { imageReference } from './images.ts';

const run = promisify(execFile);
const HOSTS_ENGINE = 'unix:///var/run/docker.sock';
const IMAGES = ['EXAM_IMAGE_NAME', 'REDIS_IMAGE', 'GUACD_IMAGE', 'NODE_IMAGE', 'POSTGRES_IMAGE'];
/** Sparse: what is used of it is the images twice, while they are taken in. */
const DISK = '8G';
const UP_MS = 20_000;
const DOWN_MS = 30_000;

/**
 * A container engine of a test's own that can be ended, killed and starved of disk: its files on a small file system in
 * a file, its networks and mounts in the namespaces of the process that calls this (`unshare --net --mount`), so that the
 * host's own engine and its rules are out of reach of it.
 */
export class OwnEngine {
  readonly #folder: string;
  #daemon: ChildProcess | undefined;
  #liveRestore = true;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Brings it up with the images that a rig needs, taken from the host's engine. */
  static async open(): Promise<OwnEngine> {
    const engine = new OwnEngine(await mkdtemp(join(tmpdir(), 'vdi-engine-')));
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
      'cgroup-parent': '/vdi-faults',
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
    await run('fallocate', ['--length', String(bavail * bsize), this.#at('disk/filler')]);
    // What one call leaves over, a file takes until nothing goes in any more.
    const rest = await open(this.#at('disk/filler-rest'), 'w');
    for (const block = Buffer.alloc(65_536); ; )
      if ((await rest.write(block).catch(() => undefined)) === undefined) break;
    await rest.close();
  }

  async freeDisk(): Promise<void> {
    for (const name of ['disk/filler', 'disk/filler-rest']) await rm(this.#at(name), { force: true });
  }

  async close(): Promise<void> {
    await this.stop('SIGTERM');
    // The containerd of a daemon that was killed outlives the next one, too.
    const pid = Number(await readFile(this.#at('run/containerd/containerd.pid'), 'utf8').catch(() => ''));
    if (pid > 0) {
      try {
        process.kill(pid, 'SIGTERM');
      } catch {
        // It has ended already.
      }
    }
    // Lazily: whatever still has a file open there lets go of it with this namespace.
    await run('umount', ['--lazy', this.#at('disk')]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #open(): Promise<void> {
    await run('ip', ['link', 'set', 'lo', 'up']);
    await run('truncate', ['--size', DISK, this.#at('disk.img')]);
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', this.#at('disk.img')]);
    await run('mkdir', [this.#at('disk')]);
    await run('mount', ['-o', 'loop', this.#at('disk.img'), this.#at('disk')]);
    await writeFile(this.#at('config.json'), '{}');
    try {
      await this.start();
      const images = IMAGES.map(imageReference).join(' ');
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
