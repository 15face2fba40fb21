import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { imageReference } from './images.ts';
import { labelsOfRig, outboxOf, removeDesktopsOf, removeLeftBehind, volumesOf } from './left-behind.ts';
import { asDescribed } from './openapi.ts';
import { ServedProcess } from './served-process.ts';
import { studentOf } from './student.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LABEL = 'vdi.test';
const PREFIXES = Array.from({ length: 20 }, (_, index) => `10.${220 + index}`);

/** What a worker, its control-plane and those who test them know. */
export interface Secrets {
  readonly clusterToken: string;
  readonly jwtSecret: string;
  readonly guacTokenKey: string;
}

export const newSecrets = (): Secrets => ({
  clusterToken: randomBytes(16).toString('hex'),
  jwtSecret: randomBytes(16).toString('hex'),
  guacTokenKey: randomBytes(16).toString('hex'),
});

export interface RigOptions {
  /** Value of the label vdi.test on all that the rig makes. */
  readonly name: string;
  /** Where others know them, too; its own unless said. */
  readonly secrets?: Secrets;
  /** Settings on top of the rig's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called before the worker's first start: settings that lead it to its services by other ways. */
  readonly lead?: (services: { readonly redis: string; readonly guacd: string }) => Promise<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
  readonly body: any;
  readonly headers: Headers;
}

/**
 * A worker on the real engine with real Redis, guacd and exam site, on networks of its own: the worker's process runs
 * on the host, so that a test can kill it, stop it and read its log. Everything carries the label vdi.test=NAME.
 */
export class Rig {
  readonly docker = new Docker();
  readonly code: string;
  readonly clusterToken: string;
  readonly jwtSecret: string;
  readonly guacTokenKey: string;
  readonly #options: RigOptions;
  readonly #made: Docker.Container[] = [];
  #networks: Docker.Network[] = [];
  readonly #worker = new ServedProcess('src/worker.ts');
  #outbox = '';
  #env: Record<string, string> = {};
  url = '';
  port = 0;
  /** First two numbers of the desktops' network. */
  prefix = '';

  constructor(options: RigOptions) {
    this.#options = options;
    this.code = `${options.name}-${randomBytes(3).toString('hex')}`;
    ({
      clusterToken: this.clusterToken,
      jwtSecret: this.jwtSecret,
      guacTokenKey: this.guacTokenKey,
    } = options.secrets ?? newSecrets());
  }

  async start(): Promise<this> {
    await removeLeftBehind(this.docker);
    const prefix = await this.#makeNetworks();
    this.prefix = prefix;
    const redis = await this.service(
      'redis',
      imageReference('REDIS_IMAGE'),
      ['redis-server', '--appendonly', 'yes', '--protected-mode', 'no'],
      '',
    );
    const guacd = await this.service(
      'guacd',
      imageReference('GUACD_IMAGE'),
      ['guacd', '-b', '0.0.0.0', '-L', 'info', '-f'],
      `${prefix}.0.10`,
    );
    await this.service('site', imageReference('NODE_IMAGE'), ['node', 'src/sample-exam.ts'], `${prefix}.0.40`, [
      'exam.school.test',
    ]);
    this.#outbox = await mkdtemp(outboxOf(this.code));
    this.port = await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    this.#env = {
      PATH: process.env.PATH ?? '',
      WORKER_CODE: this.code,
      WORKER_PORT: String(this.port),
      WORKER_CLUSTER_TOKEN: this.clusterToken,
      JWT_SECRET: this.jwtSecret,
      GUAC_TOKEN_KEY: this.guacTokenKey,
      REDIS_URL: `redis://${redis}:6379`,
      GUACD_HOST: guacd,
      EXAM_NETWORK: `${this.code}_exam_net`,
      EXAM_NET_PREFIX: prefix,
      EXAM_IMAGE_NAME: imageReference('EXAM_IMAGE_NAME'),
      EXAM_BROWSER_URL: 'http://exam.school.test/',
      EXAM_ALLOWED_DOMAINS: 'exam.school.test',
      EXAM_VM_CPUS: '0.1',
      EXAM_VM_CPU_LIMIT: '1.5',
      EXAM_VM_MEMORY_MB: '1536',
      WORKER_TOTAL_CPUS: '2',
      WORKER_TOTAL_MEMORY_MB: '10240',
      WORKER_RESERVED_CPUS: '0.5',
      // A student who comes again starts anew, as tests and benches mean it; those about his files say otherwise.
      EXAM_WORKSPACE_KEEP_HOURS: '0',
      OUTBOX_DIR: this.#outbox,
      ...this.#options.env,
      ...this.#env,
      ...(await this.#options.lead?.({ redis, guacd })),
    };
    await this.startWorker();
    return this;
  }

  /** @param ms how long it may take until it answers */
  startWorker(ms?: number): Promise<void> {
    return this.#worker.start(this.#env, this.url, ms);
  }

  /** Changes settings for the next start of the worker. */
  setEnv(env: Readonly<Record<string, string>>): void {
    this.#env = { ...this.#env, ...env };
  }

  /** Sends the worker's process a signal. */
  signalWorker(signal: NodeJS.Signals): void {
    this.#worker.signal(signal);
  }

  /** Ends the worker's process and waits for its end. @returns with what it ended; null by the signal itself */
  async stopWorker(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null | undefined> {
    await this.#worker.stop(signal);
    return this.#worker.exitCode;
  }

  /** The worker's process; undefined when it has ended. */
  get workerPid(): number | undefined {
    return this.#worker.pid;
  }

  /** All that the worker has written. */
  get log(): string {
    return this.#worker.log;
  }

  /** A cluster call with the right token unless told otherwise. */
  async call(
    path: string,
    body?: unknown,
    headers: Record<string, string> = { 'x-cluster-token': this.clusterToken },
    signal?: AbortSignal,
  ): Promise<Answer> {
    const answer = await fetch(`${this.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(signal ? { signal } : {}),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    const { status, headers: told } = answer;
    const method = body === undefined ? 'GET' : 'POST';
    return asDescribed('worker', { method, path, status, headers: told, body: isJson ? JSON.parse(text) : text });
  }

  /** Waits until `look` gives something; rises with what it was about, and the worker's log, when it never does. */
  async until<T>(what: string, look: () => Promise<T | undefined | false>, ms = 30_000): Promise<T> {
    const end = Date.now() + ms;
    for (;;) {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      if (Date.now() > end) throw new Error(`not seen within ${ms} ms: ${what}\n${this.log.slice(-4000)}`);
      await pause(100);
    }
  }

  /** This worker's desktops as the engine lists them. */
  desktops(): Promise<Docker.ContainerInfo[]> {
    return this.docker.listContainers({ all: true, filters: { label: [`vdi.worker=${this.code}`] } });
  }

  volumes(): Promise<string[]> {
    return volumesOf(this.docker, this.code);
  }

  /** A service container of the rig, by its short name. */
  container(name: string): Docker.Container {
    return this.docker.getContainer(`${this.code}-${name}`);
  }

  /** Address of a service on the services' network. */
  async addressOf(name: string): Promise<string> {
    return (await this.container(name).inspect()).NetworkSettings.Networks[`${this.code}_vdi_net`]?.IPAddress ?? '';
  }

  /** Runs a command in a container. @returns its exit code and all that it printed */
  async exec(
    id: string,
    command: string[],
    as: 'root' | 'student' = 'root',
  ): Promise<{ code: number; output: string }> {
    const container = this.docker.getContainer(id);
    const user = as === 'student' ? await studentOf(container) : '';
    const exec = await container.exec({
      Cmd: command,
      User: user,
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
    });
    const stream = await exec.start({ Tty: true });
    let output = '';
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(stream, 'end');
    return { code: (await exec.inspect()).ExitCode ?? -1, output };
  }

  /** Removes everything that the rig and its worker made. */
  async stop(): Promise<void> {
    await this.stopWorker();
    await removeDesktopsOf(this.docker, this.code);
    const left = await this.volumes();
    for (const name of left) await this.docker.getVolume(name).remove();
    for (const container of this.#made) await container.remove({ force: true, v: true }).catch(() => undefined);
    for (const network of this.#networks) await network.remove();
    if (this.#outbox !== '') await rm(this.#outbox, { recursive: true, force: true });
    // A home that outlives its desktop would fill the host, and keep a student's work and secrets where nobody looks.
    if (left.length > 0) throw new Error(`volumes without a desktop were left: ${left.join(', ')}`);
  }

  async service(
    name: string,
    image: string,
    command: string[],
    examIp: string,
    aliases: string[] = [],
  ): Promise<string> {
    const [vdi, exam] = [`${this.code}_vdi_net`, `${this.code}_exam_net`];
    const isNode = command[0] === 'node';
    const container = await this.docker.createContainer({
      name: `${this.code}-${name}`,
      Image: image,
      Cmd: command,
      Labels: this.#labels(),
      ...(isNode ? { WorkingDir: '/app' } : {}),
      ...(name.startsWith('guacd') ? { Env: ['HOME=/tmp'] } : {}),
      HostConfig: { NetworkMode: vdi, Init: true, ...(isNode ? { Binds: [`${root}:/app:ro`] } : {}) },
    });
    this.#made.push(container);
    if (examIp !== '') {
      const EndpointConfig = { IPAMConfig: { IPv4Address: examIp }, Aliases: aliases };
      await this.docker.getNetwork(exam).connect({ Container: container.id, EndpointConfig });
    }
    await container.start();
    return (await container.inspect()).NetworkSettings.Networks[vdi]?.IPAddress ?? '';
  }

  #labels(): Record<string, string> {
    return { [LABEL]: this.#options.name, ...labelsOfRig(this.code) };
  }

  async #makeNetworks(): Promise<string> {
    const Labels = this.#labels();
    this.#networks = [await this.docker.createNetwork({ Name: `${this.code}_vdi_net`, Labels })];
    for (const prefix of PREFIXES) {
      const Config = [{ Subnet: `${prefix}.0.0/20`, IPRange: `${prefix}.0.128/25` }];
      try {
        this.#networks.push(
          await this.docker.createNetwork({
            Name: `${this.code}_exam_net`,
            Labels,
            IPAM: { Driver: 'default', Config },
          }),
        );
        return prefix;
      } catch (error) {
        if (!/overlap/i.test(String(error))) throw error;
      }
    }
    throw new Error('no free network for the rig; remove networks with the label vdi.test');
  }
}

/** Ends the worker as an operator does, and looks that nothing held it until its patience was over. */
export async function endsByItself(rig: Rig): Promise<void> {
  const from = rig.log.length;
  const code = await rig.stopWorker();
  const held = rig.log.slice(from).match(/.*still busy with something.*/)?.[0];
  if (code !== 0 || held) throw new Error(`the worker ended with ${code}; ${held ?? rig.log.slice(from)}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
