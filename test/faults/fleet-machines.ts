import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { Line } from '../rig/line.ts';
import { spawnInNamespaces } from '../rig/namespaces.ts';
import { Rig, type Secrets } from '../rig/rig.ts';
import { becomes } from './becomes.ts';
import { heartOf, OWN_PROCESSES, type Settings, WORKER_SOCKET } from './fleet-heart.ts';
import type { Order } from './fleet-machine.ts';

/** Twelve desktops at once on two cores that others use, too. */
const WARM_MS = 180_000;

/** A worker of the fleet. */
export interface FleetWorker {
  readonly code: string;
  /** Its desktops as its engine lists them: name and state. */
  desktops(): Promise<string[]>;
  /** Waits until so many are warm. */
  prewarm(examId: number, count: number): Promise<void>;
  close(): Promise<void>;
}

/** One that may be lost, as a machine whose power is cut. */
export interface FleetMachine extends FleetWorker {
  /** How it is lost, for the log. */
  readonly lostBy: string;
  /** Its students' desktops are there again when it is back. */
  readonly keepsDesktops: boolean;
  cutPower(): Promise<void>;
  /** What an operator does so that its students can be seated elsewhere; nothing where its engine is lost, too. */
  giveUp?(): Promise<void>;
  powerOn(): Promise<void>;
}

interface Link {
  readonly secrets: Secrets;
  /** Port of the control-plane. */
  readonly controlPlane: number;
}

/** One that shares the host's engine with others: networks, ports and code of its own. */
export async function onHostsEngine(
  name: string,
  { secrets, controlPlane }: Link,
  size: Settings = {},
): Promise<FleetWorker> {
  const rig = new Rig({ name, secrets, env: size });
  let heart: ChildProcess | undefined;
  const close = async (): Promise<void> => {
    heart?.kill('SIGKILL');
    await rig.stop();
  };
  try {
    await rig.start();
  } catch (error) {
    await close();
    throw error;
  }
  heart = heartOf(rig, controlPlane, rig.port, size);
  const desktops = async () => (await rig.desktops()).map(({ Names, State }) => `${Names[0]?.slice(1)} ${State}`);
  return { code: rig.code, desktops, close, ...callsTo(rig.url, secrets) };
}

/** One on an engine of its own: what its students have is out of the others' reach, and its names are its own. */
export async function onOwnMachine(name: string, { secrets, controlPlane }: Link): Promise<FleetMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'vdi-fleet-'));
  const toControlPlane = join(folder, 'control-plane.sock');
  const inward = await new Line({ host: '127.0.0.1', port: controlPlane }, { path: toControlPlane }).mend();
  const outward = await new Line({ path: join(folder, 'nobody-yet') }).mend();
  const run = await spawnInNamespaces('faults/fleet-machine.ts', []);
  const orders = new Orders(run);
  const close = async (): Promise<void> => {
    run.kill('SIGKILL');
    await Promise.all([inward.cut(), outward.cut()]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const opened = await orders.give<{ code: string; folder: string }>({
      ...{ kind: 'open', name, secrets },
      ...{ controlPlane: toControlPlane, port: outward.port, outside: await readlink(OWN_PROCESSES) },
    });
    await outward.mend({ path: join(opened.folder, WORKER_SOCKET) });
    return {
      code: opened.code,
      lostBy: 'power cut',
      keepsDesktops: true,
      desktops: () => orders.give({ kind: 'desktops' }),
      cutPower: () => orders.give({ kind: 'cutPower' }),
      powerOn: () => orders.give({ kind: 'powerOn' }),
      close,
      ...callsTo(`http://127.0.0.1:${outward.port}`, secrets),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Cluster calls of an operator's. */
export function callsTo(url: string, { clusterToken }: Secrets): Pick<FleetWorker, 'prewarm'> {
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
  const call = async (path: string, body?: object): Promise<any> => {
    const answer = await fetch(`${url}/api/vdi/cluster/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', 'x-cluster-token': clusterToken },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    async prewarm(examId, count) {
      await call('prewarm', { examId, count });
      const seen = await becomes(async () => {
        const { pools } = await call('status');
        const warm = pools.find((pool: { examId: number }) => pool.examId === examId)?.warm;
        return warm === count || `${warm} of ${count} warm`;
      }, WARM_MS);
      if (seen !== true) throw new Error(`worker at ${url}: ${seen}`);
    },
  };
}

/** Orders to a machine, one after the other. */
class Orders {
  readonly #run: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(run: ChildProcess) {
    this.#run = run;
    if (!run.stdout) throw new Error('a machine that nobody hears');
    const lines: Interface = createInterface({ input: run.stdout });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  async give<T>(order: Order): Promise<T> {
    this.#run.stdin?.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('the machine has ended (needs root, dockerd, unshare, mkfs.ext4): see above');
    const said = JSON.parse(value) as { answer: T; error?: string };
    if (said.error) throw new Error(said.error);
    return said.answer;
  }
}
