import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { decodeLabels, workerFilter } from '../desktop/labels.ts';
import type { SignedRecord } from '../desktop/proof.ts';
import { AddressTaken, type Container, type Engine, type Order, type Readiness } from '../pool/ports.ts';
import { accepting, asking, statusOf } from './errors.ts';
import { openProofs } from './proofs.ts';
import { followReadiness } from './readiness.ts';
import { packSecrets, passwordPath, secretsParent, unpackPassword } from './secret-file.ts';
import { createOptions, type Template } from './template.ts';

/** What a desktop is given to prove its lock with. */
export interface Proving {
  keyOf(desktopId: string): Buffer;
  /** What no desktop may reach, as NAME=ADDRESS:PORT. */
  targets(): readonly string[];
}

const PASSWORD_BYTES = 24;
const IMAGE_CACHE_MS = 2_000;
const STOP_GRACE_SEC = 2;

/** The desktops of one worker on the Docker engine. */
export class DockerEngine implements Engine {
  readonly #docker: Docker;
  readonly #worker: string;
  readonly #template: Template;
  readonly #proving: Proving;
  #image: { readonly id: string | undefined; readonly until: number } | undefined;

  constructor(docker: Docker, worker: string, template: Template, proving: Proving) {
    this.#docker = docker;
    this.#worker = worker;
    this.#template = template;
    this.#proving = proving;
  }

  async list(): Promise<Container[]> {
    const listed = await asking(
      this.#docker.listContainers({ all: true, filters: { label: workerFilter(this.#worker) } }),
    );
    return listed.flatMap((raw) => {
      const labels = decodeLabels(raw.Labels);
      if (!labels) return [];
      const endpoint = raw.NetworkSettings.Networks[this.#template.network];
      // A stopped container has no address in the list but its configured one.
      const ip = endpoint?.IPAMConfig?.IPv4Address ?? endpoint?.IPAddress ?? '';
      return [
        {
          containerId: raw.Id,
          name: (raw.Names[0] ?? '').replace(/^\//, ''),
          labels,
          ip,
          running: raw.State === 'running' || raw.State === 'paused',
          createdAt: raw.Created * 1000,
        },
      ];
    });
  }

  async create(order: Order): Promise<Container> {
    const container = await asking(
      this.#docker.createContainer(createOptions(this.#template, order, this.#proving.targets())),
    );
    try {
      const password = randomBytes(PASSWORD_BYTES).toString('base64url');
      const proofKey = this.#proving.keyOf(order.labels.desktopId);
      await asking(container.putArchive(await packSecrets(password, proofKey), { path: secretsParent }));
      await asking(container.start());
    } catch (error) {
      await this.remove(container.id).catch(() => undefined);
      throw isAddressTaken(error) ? new AddressTaken(`${order.ip} is in use on ${this.#template.network}`) : error;
    }
    return { ...order, containerId: container.id, running: true, createdAt: Date.now() };
  }

  async restart(containerId: string): Promise<void> {
    await asking(this.#docker.getContainer(containerId).restart({ t: STOP_GRACE_SEC }));
  }

  async claim(poolName: string, seatName: string): Promise<'claimed' | 'name-taken' | 'gone'> {
    try {
      await asking(this.#docker.getContainer(poolName).rename({ name: seatName }));
      return 'claimed';
    } catch (error) {
      if (statusOf(error) === 409) return 'name-taken';
      if (statusOf(error) === 404) return 'gone';
      throw error;
    }
  }

  readiness(containerId: string, signal: AbortSignal, onSession: () => void): Promise<Readiness> {
    return followReadiness(this.#docker, containerId, signal, onSession);
  }

  proofs(containerId: string, after: number, signal: AbortSignal): Promise<AsyncIterable<SignedRecord>> {
    return openProofs(this.#docker, containerId, after, signal);
  }

  async stop(containerId: string): Promise<void> {
    // 304: it does not run.
    await accepting([304, 404], this.#docker.getContainer(containerId).stop({ t: STOP_GRACE_SEC }));
  }

  async password(containerId: string): Promise<string> {
    const archive = await asking(this.#docker.getContainer(containerId).getArchive({ path: passwordPath }));
    return unpackPassword(archive as unknown as Readable);
  }

  async remove(idOrName: string): Promise<void> {
    // 409: another removal of it is under way.
    await accepting([404, 409], this.#docker.getContainer(idOrName).remove({ force: true, v: true }));
  }

  async strayVolumes(): Promise<string[]> {
    const filters = { dangling: ['true'], label: workerFilter(this.#worker) };
    const { Volumes } = await asking(this.#docker.listVolumes({ filters: JSON.stringify(filters) }));
    return Volumes.map((volume) => volume.Name);
  }

  async removeVolume(name: string): Promise<void> {
    await accepting([404, 409], this.#docker.getVolume(name).remove());
  }

  async imageId(): Promise<string | undefined> {
    if (this.#image && this.#image.until > Date.now()) return this.#image.id;
    const image = await accepting([404], this.#docker.getImage(this.#template.image).inspect());
    this.#image = { id: image?.Id, until: Date.now() + IMAGE_CACHE_MS };
    return image?.Id;
  }

  /** @throws EngineDown when the engine does not answer */
  async ping(): Promise<void> {
    await asking(this.#docker.ping());
  }
}

function isAddressTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use|is already allocated/i.test(error.message);
}
