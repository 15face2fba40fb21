// One machine of the fleet with an engine of its own. Run by fleet-machines.ts in namespaces of its own, with an empty folder
// as its first word; a line to it is an order, a line from it says that it is done.
import type { ChildProcess } from 'node:child_process';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Line } from '../rig/line.ts';
import { OwnEngine } from '../rig/own-engine.ts';
import { Rig, type Secrets } from '../rig/rig.ts';
import { heartOf, OWN_PROCESSES, WORKER_SOCKET } from './fleet-heart.ts';

/** What a machine does when it is told to. */
export type Order =
  | {
      readonly kind: 'open';
      readonly name: string;
      readonly secrets: Secrets;
      readonly controlPlane: string;
      readonly port: number;
      /** The process namespace of whoever gives the orders. */
      readonly outside: string;
    }
  | { readonly kind: 'cutPower' }
  | { readonly kind: 'powerOn' }
  | { readonly kind: 'desktops' };

const SERVICES = ['redis', 'guacd', 'site'];

class Machine {
  readonly #folder: string;
  #engine: OwnEngine | undefined;
  #rig: Rig | undefined;
  #heart: ChildProcess | undefined;
  #outside = '';
  #beat = (): ChildProcess => {
    throw new Error('not open yet');
  };

  constructor(folder: string) {
    this.#folder = folder;
  }

  async obey(order: Order): Promise<unknown> {
    switch (order.kind) {
      case 'open':
        return this.#open(order);
      case 'cutPower':
        return this.#cutPower();
      case 'powerOn':
        return this.#powerOn();
      case 'desktops':
        return (await this.rig.desktops()).map(({ Names, State }) => `${Names[0]?.slice(1)} ${State}`);
    }
  }

  get rig(): Rig {
    if (!this.#rig) throw new Error('not open yet');
    return this.#rig;
  }

  async #open({ name, secrets, controlPlane, port, outside }: Extract<Order, { kind: 'open' }>): Promise<object> {
    this.#outside = outside;
    this.#engine = await OwnEngine.open(this.#folder);
    // Everything in this process that asks an engine, asks this one.
    process.env.DOCKER_HOST = `unix://${this.#engine.socket}`;
    const rig = new Rig({ name, secrets, env: { DOCKER_SOCKET: this.#engine.socket } });
    this.#rig = await rig.start();
    await new Line({ host: '127.0.0.1', port: rig.port }, { path: join(this.#folder, WORKER_SOCKET) }).mend();
    const toControlPlane = await new Line({ path: controlPlane }).mend();
    this.#beat = () => heartOf(rig, toControlPlane.port, port);
    this.#heart = this.#beat();
    return { code: rig.code, folder: this.#folder };
  }

  /** Every process of the machine ends at once: engine, desktops, worker, heartbeat. Its disk stays as it is. */
  async #cutPower(): Promise<void> {
    // It would end every process of the host.
    if ((await readlink(OWN_PROCESSES)) === this.#outside || this.#outside === '')
      throw new Error('this machine has no processes of its own');
    const engine = this.#engine?.stop('SIGKILL');
    process.kill(-1, 'SIGKILL');
    await Promise.all([engine, this.rig.stopWorker('SIGKILL')]);
    this.#heart = undefined;
  }

  async #powerOn(): Promise<void> {
    await this.#engine?.start(false);
    for (const service of SERVICES) await this.rig.container(service).start();
    const [redis, guacd] = await Promise.all(['redis', 'guacd'].map((service) => this.rig.addressOf(service)));
    this.rig.setEnv({ REDIS_URL: `redis://${redis}:6379`, GUACD_HOST: guacd ?? '' });
    await this.rig.startWorker(60_000);
    this.#heart ??= this.#beat();
  }
}

const machine = new Machine(process.argv[2] ?? '');
for await (const line of createInterface({ input: process.stdin })) {
  const done = await machine.obey(JSON.parse(line)).then(
    (answer) => ({ answer: answer ?? null }),
    (error: unknown) => ({ error: String(error instanceof Error ? error.stack : error) }),
  );
  console.log(JSON.stringify(done));
}
