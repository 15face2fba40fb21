import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** On a machine that other things keep busy. */
const UP_MS = 30_000;

/** One of the pack's programs that answers /healthz, as a process that a test can kill and start again. */
export class ServedProcess {
  readonly #program: string;
  #process: ChildProcess | undefined;
  /** All that it has written. */
  log = '';

  constructor(program: string) {
    this.#program = program;
  }

  /** Its number; undefined when it has ended. */
  get pid(): number | undefined {
    const { exitCode, signalCode, pid } = this.#process ?? {};
    return exitCode === null && signalCode === null ? pid : undefined;
  }

  /** How it has ended; null by a signal. */
  get exitCode(): number | null | undefined {
    return this.#process?.exitCode;
  }

  /** @param ms how long it may take until it answers */
  async start(env: Readonly<Record<string, string>>, url: string, ms = UP_MS): Promise<void> {
    const started = spawn(process.execPath, [this.#program], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = started;
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    for (const end = Date.now() + ms; Date.now() < end; await pause(100)) {
      if (this.pid === undefined) throw new Error(`${this.#program} ended: ${this.log}`);
      const answer = await fetch(`${url}/healthz`).catch(() => undefined);
      if (answer?.ok) return;
    }
    throw new Error(`${this.#program} did not come up: ${this.log}`);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.pid === undefined || !this.#process?.kill(signal)) throw new Error(`no process to send ${signal} to`);
  }

  /** Waits for its end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.pid === undefined || !this.#process) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill(signal);
    await gone;
  }
}
