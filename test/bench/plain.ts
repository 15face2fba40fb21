import type Docker from 'dockerode';
import { DockerEngine } from '../../src/docker/engine.ts';
import { packSecrets, secretsParent } from '../../src/docker/secret-file.ts';
import type { Rig } from '../rig/rig.ts';
import type { Ground } from './ground.ts';

const PASSWORD = 'a-bench-password-of-no-worth';
const READY_MS = 60_000;

export interface PlainDesktop {
  readonly container: Docker.Container;
  readonly ip: string;
  readonly username: string;
  readonly password: string;
}

/**
 * Desktops by plain `docker run`: same image, same options as the worker's (copied from one of them), and nothing of
 * the worker's around them.
 */
export class PlainDesktops {
  readonly #rig: Rig;
  readonly #like: Docker.ContainerInspectInfo;
  readonly #made = new Set<Docker.Container>();
  #next = 0;
  /** Desktops that were ready without the exam page: on an overloaded machine it does not load in time. */
  pageless = 0;

  private constructor(rig: Rig, like: Docker.ContainerInspectInfo) {
    this.#rig = rig;
    this.#like = like;
  }

  static async like(ground: Ground, rig: Rig, containerId: string): Promise<PlainDesktops> {
    const plain = new PlainDesktops(rig, await rig.docker.getContainer(containerId).inspect());
    ground.onEnd(() => plain.removeAll());
    return plain;
  }

  /** Create and start, as `docker run -d` does. */
  async run(): Promise<PlainDesktop> {
    const { Config, HostConfig, NetworkSettings } = this.#like;
    const [network, endpoint] = Object.entries(NetworkSettings.Networks)[0] ?? [];
    if (!network || !endpoint) throw new Error('the desktop to copy has no network');
    // The far end of the network: the worker's own addresses go up from a random start.
    const base = endpoint.Gateway.split('.').slice(0, 2).join('.');
    const ip = `${base}.15.${254 - (this.#next++ % 200)}`;
    const container = await this.#rig.docker.createContainer({
      Image: this.#like.Image,
      Hostname: Config.Hostname,
      Env: Config.Env,
      Labels: { 'vdi.test': 'bench' },
      HostConfig,
      NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: ip } } } },
    });
    this.#made.add(container);
    await container.putArchive(await packSecrets(PASSWORD), { path: secretsParent });
    await container.start();
    const username = Config.Env.find((text) => text.startsWith('EXAM_VM_USERNAME='))?.slice(17) ?? 'student';
    return { container, ip, username, password: PASSWORD };
  }

  /** Until its own ready event: session and browser are there. */
  async ready({ container }: PlainDesktop): Promise<void> {
    const engine = new DockerEngine(this.#rig.docker, '', {} as never, {} as never);
    const readiness = await engine.readiness(container.id, AbortSignal.timeout(READY_MS), () => undefined);
    if (readiness.kind === 'failed') throw new Error(`a plain desktop failed: ${readiness.reason}`);
    if (readiness.note) this.pageless++;
  }

  async remove({ container }: PlainDesktop): Promise<void> {
    await container.remove({ force: true, v: true });
    this.#made.delete(container);
  }

  async removeAll(): Promise<void> {
    await Promise.all(
      [...this.#made].map((container) => container.remove({ force: true, v: true }).catch(() => undefined)),
    );
    this.#made.clear();
  }
}
