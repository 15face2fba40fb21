import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Ground } from './ground.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A part of the tunnel bench in a process of its own, so that its CPU time is its own too. */
export class Role {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  private constructor(name: string, port: number) {
    this.#name = name;
    this.#child = fork(fileURLToPath(new URL('./tunnel-roles.ts', import.meta.url)), [name, String(port)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(`${name}: ${error}`));
    });
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${name} ended with ${code}`));
    });
  }

  static async start(ground: Ground, name: string, port = 0): Promise<Role> {
    const role = new Role(name, port);
    ground.onEnd(async () => void role.#child.kill());
    await role.#answer(0);
    return role;
  }

  // biome-ignore lint/suspicious/noExplicitAny: what comes back is between a caller and the role
  call(call: string, args: unknown = {}): Promise<any> {
    if (this.#child.exitCode !== null) return Promise.reject(new Error(`${this.#name} has ended`));
    const id = ++this.#calls;
    this.#child.send({ id, call, args });
    return this.#answer(id);
  }

  #answer(id: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    return promise;
  }
}
