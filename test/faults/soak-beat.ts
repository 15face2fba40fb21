import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Rig } from '../rig/rig.ts';
import { beat } from './heartbeat.ts';

/** A heartbeat's process beside a rig's worker, and somebody who takes its beats. */
export class BeatBeside {
  beats = 0;
  readonly #controlPlane: Server;
  #heart: ChildProcess | undefined;

  constructor() {
    this.#controlPlane = createServer((asked, answer) => {
      asked.resume();
      this.beats++;
      answer.writeHead(201).end('{}');
    });
  }

  /** @param more environment on top */
  async start(rig: Rig, more: Readonly<Record<string, string>> = {}): Promise<this> {
    this.#controlPlane.listen(0, '127.0.0.1');
    await once(this.#controlPlane, 'listening');
    const { port } = this.#controlPlane.address() as AddressInfo;
    this.#heart = beat(rig, port, more);
    return this;
  }

  get pid(): number | undefined {
    return this.#heart?.exitCode === null && this.#heart.signalCode === null ? this.#heart.pid : undefined;
  }

  stop(): void {
    this.#heart?.kill('SIGKILL');
    this.#controlPlane.closeAllConnections();
    this.#controlPlane.close();
  }
}
