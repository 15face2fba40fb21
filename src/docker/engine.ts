import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type Docker from 'dockerode';
import { decodeLabels, workerFilter, workerLabel } from '../desktop/labels.ts';
import type { Carrier } from '../desktop/workspace.ts';
import {
  AddressTaken,
  type Carried,
  type CarrierFacts,
  type Container,
  type DesktopWord,
  type Engine,
  ImageMissing,
  type Order,
  type Readiness,
  type StrayVolume,
} from '../pool/ports.ts';
import { Breaker, type EngineState } from './breaker.ts';
import { carrierFilter, makeCarrier, nameOf, readCarrier, volumeIn } from './carriers.ts';
import { bounded } from './connect.ts';
import { accepting, asking, statusOf } from './errors.ts';
import { endName, readEndName, readWorkspaceLabels } from './places.ts';
import { followReadiness } from './readiness.ts';
import { packSecrets, passwordPath, secretsParent, unpackPassword } from './secret-file.ts';
import { findSizeLimit, saysNoQuota } from './size-limit.ts';
import { createOptions, type Template } from './template.ts';
import { followDesktop } from './told.ts';

/** What a desktop is given to prove its lock with. */
export interface Proving {
  keyOf(desktopId: string): Buffer;
  /** What no desktop may reach, as NAME=ADDRESS:PORT. */
  targets(): readonly string[];
}

/** Looks and renames take milliseconds; within an allocate there is time for two of them. */
const QUICK = { answerMs: 5_000, idleMs: 5_000 };
/** Making, starting and removing have the kernel and the disk to wait for. */
const SLOW = { answerMs: 30_000, idleMs: 30_000 };
/** Following a desktop's words: an older engine begins to answer with the first of them. */
const FOLLOWING = { answerMs: 30_000 };

const PASSWORD_BYTES = 24;
const IMAGE_CACHE_MS = 2_000;
const STOP_GRACE_SEC = 2;

/** The desktops of one worker on the Docker engine. */
export class DockerEngine implements Engine {
  readonly #quick: Docker;
  readonly #slow: Docker;
  readonly #following: Docker;
  readonly #breaker = new Breaker({ clock: () => performance.now(), sleep: pause, random: Math.random });
  readonly #worker: string;
  readonly #template: Template;
  readonly #proving: Proving;
  #limitsSize: boolean | undefined;
  #findingSizeLimit: Promise<boolean> | undefined;
  #image: { readonly id: string | undefined; readonly until: number } | undefined;

  constructor(docker: Docker, worker: string, template: Template, proving: Proving) {
    this.#quick = bounded(docker, QUICK);
    this.#slow = bounded(docker, SLOW);
    this.#following = bounded(docker, FOLLOWING);
    this.#worker = worker;
    this.#template = template;
    this.#proving = proving;
  }

  async list(): Promise<Container[]> {
    const filters = { label: workerFilter(this.#worker) };
    const listed = await this.#breaker.askAgain(() => asking(this.#quick.listContainers({ all: true, filters })));
    return listed.flatMap((raw) => {
      const labels = decodeLabels(raw.Labels);
      if (!labels) return [];
      const endpoint = raw.NetworkSettings.Networks[this.#template.network];
      // A stopped container has no address in the list but its configured one.
      const ip = endpoint?.IPAMConfig?.IPv4Address ?? endpoint?.IPAddress ?? '';
      return [
        {
          containerId: raw.Id,
          name: nameOf(raw),
          labels,
          ip,
          running: raw.State === 'running' || raw.State === 'paused',
          createdAt: raw.Created * 1000,
          volume: volumeIn(raw),
        },
      ];
    });
  }

  async create(order: Order): Promise<Container> {
    const options = createOptions(this.#template, order, this.#proving.targets(), await this.#findSizeLimit());
    const container = await this.#breaker
      .ask(() => asking(this.#slow.createContainer(options)))
      .catch((error) => {
        // The engine was moved to another file system: the next create asks anew.
        if (saysNoQuota(error)) this.#limitsSize = undefined;
        // Removed since it was last looked for: nothing is wrong with the desktop that was to be made from it.
        if (statusOf(error) !== 404 || !/no such image/i.test(error.message)) throw error;
        this.#image = undefined;
        throw new ImageMissing(error.message);
      });
    try {
      const password = randomBytes(PASSWORD_BYTES).toString('base64url');
      const proofKey = this.#proving.keyOf(order.labels.desktopId);
      const secrets = await packSecrets(password, proofKey);
      await this.#breaker.ask(() => asking(container.putArchive(secrets, { path: secretsParent })));
      await this.#breaker.ask(() => asking(container.start()));
    } catch (error) {
      await this.remove(container.id).catch(() => undefined);
      throw isAddressTaken(error) ? new AddressTaken(`${order.ip} is in use on ${this.#template.network}`) : error;
    }
    return { ...order, containerId: container.id, running: true, createdAt: Date.now() };
  }

  async restart(containerId: string): Promise<void> {
    const container = this.#slow.getContainer(containerId);
    await this.#breaker.ask(() => asking(container.restart({ t: STOP_GRACE_SEC })));
  }

  async claim(poolName: string, seatName: string): Promise<'claimed' | 'name-taken' | 'gone'> {
    try {
      await this.#breaker.ask(() => asking(this.#quick.getContainer(poolName).rename({ name: seatName })));
      return 'claimed';
    } catch (error) {
      if (statusOf(error) === 409) return 'name-taken';
      if (statusOf(error) === 404) return 'gone';
      throw error;
    }
  }

  readiness(containerId: string, signal: AbortSignal, onSession: () => void): Promise<Readiness> {
    return followReadiness(this.#following, containerId, signal, onSession);
  }

  told(containerId: string, after: number, signal: AbortSignal): Promise<AsyncIterable<DesktopWord>> {
    return followDesktop(this.#following, containerId, after, signal);
  }

  async stop(containerId: string): Promise<void> {
    // 304: it does not run.
    const container = this.#slow.getContainer(containerId);
    await this.#breaker.askAgain(() => accepting([304, 404], container.stop({ t: STOP_GRACE_SEC })));
  }

  async password(containerId: string): Promise<string> {
    const container = this.#quick.getContainer(containerId);
    const archive = await this.#breaker.askAgain(() => asking(container.getArchive({ path: passwordPath })));
    return unpackPassword(archive as unknown as Readable);
  }

  async remove(idOrName: string): Promise<boolean> {
    const container = this.#slow.getContainer(idOrName);
    // 409: another removal of it is under way.
    const removed = async () => accepting([409], container.remove({ force: true, v: true })).then(() => true);
    return (await this.#breaker.askAgain(() => accepting([404], removed()))) ?? false;
  }

  async carriers(): Promise<Carrier[]> {
    const filters = { label: carrierFilter(this.#worker) };
    const listed = await this.#breaker.askAgain(() => asking(this.#quick.listContainers({ all: true, filters })));
    return listed.flatMap((raw) => readCarrier(raw) ?? []);
  }

  async carry(name: string, facts: CarrierFacts, imageId?: string): Promise<Carried> {
    // A mount by the name of a volume that is not there would make an empty one.
    const volume = this.#quick.getVolume(facts.volume);
    if (!(await this.#breaker.askAgain(() => accepting([404], volume.inspect())))) return 'no-volume';
    const given = imageId === undefined ? undefined : await this.#existing(imageId);
    const image = given ?? (await this.imageId()) ?? this.#template.image;
    return this.#breaker.ask(() => asking(makeCarrier(this.#slow, { worker: this.#worker, image, name, facts })));
  }

  /** @returns the id of an image by its name or id; undefined when it is not there */
  async #existing(reference: string): Promise<string | undefined> {
    const image = this.#quick.getImage(reference);
    return (await this.#breaker.askAgain(() => accepting([404], image.inspect())))?.Id;
  }

  async rename(containerId: string, name: string): Promise<void> {
    const container = this.#quick.getContainer(containerId);
    // 400: it has this name already, by a call whose answer was lost.
    await this.#breaker.askAgain(() => accepting([400], container.rename({ name })));
  }

  async strayVolumes(): Promise<StrayVolume[]> {
    const filters = { dangling: ['true'], label: workerFilter(this.#worker) };
    const { Volumes } = await this.#breaker.askAgain(() =>
      asking(this.#quick.listVolumes({ filters: JSON.stringify(filters) })),
    );
    const condemned = new Set(Volumes.flatMap(({ Name }) => readEndName(Name) ?? []));
    const others = Volumes.filter(({ Name }) => readEndName(Name) === undefined && !condemned.has(Name));
    return [
      ...[...condemned].map((name) => ({ name, isCondemned: true })),
      ...others.map(({ Name, Labels }) => ({ name: Name, workspace: readWorkspaceLabels(Name, Labels) })),
    ];
  }

  async condemn(volume: string): Promise<void> {
    const Labels = workerLabel(this.#worker);
    await this.#breaker.askAgain(() => asking(this.#quick.createVolume({ Name: endName(volume), Labels })));
  }

  async removeVolume(name: string): Promise<void> {
    for (const each of [name, endName(name)])
      await this.#breaker.askAgain(() => accepting([404, 409], this.#slow.getVolume(each).remove()));
  }

  async imageId(): Promise<string | undefined> {
    if (this.#image && this.#image.until > Date.now()) return this.#image.id;
    const id = await this.#existing(this.#template.image);
    this.#image = { id, until: Date.now() + IMAGE_CACHE_MS };
    return id;
  }

  /** Whether the engine's file system keeps the limit of students' files; undefined before it was asked, and where none is set. */
  get limitsSize(): boolean | undefined {
    return this.#limitsSize;
  }

  async #findSizeLimit(): Promise<boolean> {
    if (this.#template.workspaceLimitMb === 0) return false;
    if (this.#limitsSize !== undefined) return this.#limitsSize;
    // Creates come several at once: one of them asks for all.
    this.#findingSizeLimit ??= this.#breaker
      .ask(() => findSizeLimit(this.#slow, workerLabel(this.#worker)))
      .finally(() => {
        this.#findingSizeLimit = undefined;
      });
    this.#limitsSize = await this.#findingSizeLimit;
    return this.#limitsSize;
  }

  /** @throws EngineDown when the engine does not answer */
  async ping(): Promise<void> {
    await this.#breaker.ask(() => asking(this.#quick.ping()));
  }

  /** How the engine answers. */
  get state(): EngineState {
    return this.#breaker.state;
  }

  /** It was heard by another way: calls need not be spared any more. */
  heard(): void {
    this.#breaker.heard();
  }
}

function isAddressTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use|is already allocated/i.test(error.message);
}
