import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import type { DatabaseAddress } from '../../src/postgres/database.ts';
import { imageReference } from '../rig/images.ts';
import { freePort, type Secrets } from '../rig/rig.ts';
import { SIZE } from './fleet-heart.ts';
import { callsTo, type FleetMachine } from './fleet-machines.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const PREFIXES = Array.from({ length: 15 }, (_, index) => `10.${240 + index}`);
const DATABASE = { user: 'vdi', database: 'vdi' };
/** Beside the image of a worker that is in use here. */
const WORKER_IMAGE = 'vdi-worker:fleet';

interface Stack {
  readonly name: string;
  readonly secrets: Secrets;
  /** An empty folder for settings files, which others remove. */
  readonly folder: string;
  readonly ttlSec: number;
  /** Base of the control-plane's API; undefined: it brings its own along. */
  readonly controlPlane?: string;
}

/** A worker as an operator starts it: a compose project of its own, by the pack's own commands and one settings file. */
export class Project implements FleetMachine {
  readonly keepsDesktops = false;
  readonly lostBy = 'services killed';
  readonly code: string;
  readonly prewarm: FleetMachine['prewarm'];
  /** Where its control-plane is reached, by the others' containers too; only of one that brings it along. */
  readonly console: string;
  readonly #docker = new Docker();
  readonly #said: Readonly<Record<string, string>>;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #isStandalone: boolean;

  private constructor(
    { name, secrets, folder, ttlSec, controlPlane }: Stack,
    host: string,
    prefix: string,
    ports: number[],
  ) {
    const [port, consolePort] = ports.map(String) as [string, string];
    this.code = `${name}-${randomBytes(3).toString('hex')}`;
    this.console = `http://${host}:${consolePort}`;
    this.#isStandalone = controlPlane === undefined;
    this.prewarm = callsTo(`http://${host}:${port}`, secrets).prewarm;
    this.#said = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      CI: 'true',
      WORKER_IMAGE,
      WORKER_ENV_FILE: join(folder, `${this.code}.env`),
    };
    this.#settings = {
      ...SIZE,
      WORKER_CODE: this.code,
      WORKER_NAME: name,
      COMPOSE_PROJECT_NAME: `vdi-worker-${this.code}`,
      WORKER_PUBLIC_PORT: port,
      WORKER_BIND: host,
      WORKER_API_BASE_URL: `http://${host}:${port}`,
      EXAM_NET_PREFIX: prefix,
      EXAM_IMAGE_NAME: imageReference('EXAM_IMAGE_NAME'),
      EXAM_BROWSER_AUTOSTART: 'false',
      EXAM_BROWSER_PREWARM: 'false',
      EXAM_WORKSPACE_KEEP_HOURS: '0',
      HEARTBEAT_INTERVAL_SEC: '1',
      WORKER_HEARTBEAT_TTL_SEC: String(ttlSec),
      WORKER_CLUSTER_TOKEN: secrets.clusterToken,
      JWT_SECRET: secrets.jwtSecret,
      GUAC_TOKEN_KEY: secrets.guacTokenKey,
      ...(controlPlane === undefined
        ? { CONSOLE_BIND: host, CONSOLE_PORT: consolePort, DB_PASSWORD: randomBytes(16).toString('hex') }
        : { CONTROL_PLANE_API_BASE: controlPlane, DB_HOST: 'none' }),
    };
  }

  /** Nothing of it runs yet. */
  static async plan(stack: Stack): Promise<Project> {
    const docker = new Docker();
    // An address of this host at which containers of other projects find what it publishes.
    const bridge = await docker.getNetwork('bridge').inspect();
    const taken = (await docker.listNetworks()).flatMap(({ IPAM }) => (IPAM?.Config ?? []).map(({ Subnet }) => Subnet));
    const prefix = PREFIXES.find((each) => !taken.some((subnet) => subnet?.startsWith(`${each}.`)));
    if (!prefix) throw new Error(`no free network from ${PREFIXES[0]} on`);
    return new Project(stack, bridge.IPAM?.Config?.[0]?.Gateway ?? '', prefix, [await freePort(), await freePort()]);
  }

  /** Its settings are said once, at the first start; the file keeps them. */
  async start(): Promise<this> {
    await this.#command(['./start.sh', ...(this.#isStandalone ? ['--standalone'] : []), '--yes'], this.#settings);
    return this;
  }

  async desktops(): Promise<string[]> {
    const filters = { label: [`vdi.worker=${this.code}`] };
    const listed = await this.#docker.listContainers({ all: true, filters });
    return listed.map(({ Names, State }) => `${Names[0]?.slice(1)} ${State}`);
  }

  /** All of its services end at once; its desktops run on, and nobody looks after them. */
  async cutPower(): Promise<void> {
    await Promise.all((await this.#services()).map(({ Id }) => this.#docker.getContainer(Id).kill()));
  }

  /** Names of desktops are the engine's, so those of a lost worker stand in its students' way until they are removed. */
  async giveUp(): Promise<void> {
    await this.#command(['./stop.sh', '--force']);
  }

  async powerOn(): Promise<void> {
    await this.#command(['./start.sh', '--yes']);
  }

  /** The database of one that brings its control-plane along, as this host reaches it. */
  async database(): Promise<DatabaseAddress> {
    const [postgres] = await this.#services('postgres');
    const [network] = Object.values(postgres?.NetworkSettings.Networks ?? {});
    return { ...DATABASE, host: network?.IPAddress ?? '', port: 5432, password: this.#settings.DB_PASSWORD ?? '' };
  }

  /** What one of its services has logged. */
  async log(service: string): Promise<string> {
    return this.#command(['./bootstrap-worker.sh', 'logs', service]);
  }

  async close(): Promise<void> {
    const { WORKER_CODE = '', COMPOSE_PROJECT_NAME = '' } = this.#settings;
    // As the tests' own worker is removed, with all that it kept: also one that never came up.
    const clear = 'ROOT=$PWD; . scripts/terminal.sh; . scripts/test-run.sh; stop_test_worker';
    await this.#command(['bash', '-c', clear], { WORKER_CODE, COMPOSE_PROJECT_NAME });
  }

  #services(name?: string): Promise<Docker.ContainerInfo[]> {
    const label = [`com.docker.compose.project=${this.#settings.COMPOSE_PROJECT_NAME}`];
    if (name) label.push(`com.docker.compose.service=${name}`);
    return this.#docker.listContainers({ filters: { label } });
  }

  async #command([program = '', ...words]: string[], settings: object = {}): Promise<string> {
    const done = await run(program, words, { cwd: root, env: { ...this.#said, ...settings } }).catch((error) => {
      throw new Error(`${this.code}: ${program} ended with ${error.code}\n${error.stdout}${error.stderr}`);
    });
    return done.stdout;
  }
}

/** The image that they ran. */
export async function removeImage(): Promise<void> {
  await new Docker().getImage(WORKER_IMAGE).remove();
}
