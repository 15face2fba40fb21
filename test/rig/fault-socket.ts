import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * - `pass`: what it is given goes on.
 * - `slow`: it goes on after a while.
 * - `hang`: connections are taken, nothing comes back.
 * - `refuse`: connections end at once.
 * - `cut`: the call reaches the engine, its answer is cut off.
 */
export type Weather = 'pass' | 'slow' | 'hang' | 'refuse' | 'cut';

/** A socket before the engine's, on which the weather is the test's. Nothing happens to the engine itself. */
export class FaultSocket implements AsyncDisposable {
  readonly path = join(tmpdir(), `engine-${randomBytes(4).toString('hex')}.sock`);
  slowMs = 1_000;
  /** Connections taken since the weather changed. */
  taken = 0;
  #weather: Weather = 'pass';
  readonly #open = new Set<Socket>();
  readonly #server: Server;

  constructor(engine = '/var/run/docker.sock') {
    this.#server = createServer((caller) => this.#take(caller, engine));
  }

  async listen(): Promise<this> {
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
    return this;
  }

  /** Connections of fairer weather end, or they would go on in it. */
  turn(weather: Weather): void {
    this.#weather = weather;
    this.taken = 0;
    if (weather === 'pass') for (const socket of this.#open) socket.destroy();
    if (weather === 'refuse') for (const socket of this.#open) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    rmSync(this.path, { force: true });
  }

  #take(caller: Socket, path: string): void {
    this.taken++;
    if (this.#weather === 'refuse') return void caller.destroy();
    const engine = connect(path);
    for (const socket of [caller, engine]) {
      this.#open.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#open.delete(socket));
    }
    caller.on('close', () => engine.destroy());
    engine.on('close', () => caller.destroy());
    caller.on('data', (bytes) => this.#pass(bytes, engine, 'there'));
    engine.on('data', (bytes) => this.#pass(bytes, caller, 'back'));
  }

  #pass(bytes: Buffer, to: Socket, way: 'there' | 'back'): void {
    const weather = this.#weather;
    if (weather === 'hang') return;
    if (weather === 'cut' && way === 'back') return void to.destroy();
    if (weather === 'slow' && way === 'there') setTimeout(() => to.writable && to.write(bytes), this.slowMs);
    else if (to.writable) to.write(bytes);
  }
}
