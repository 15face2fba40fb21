import type Docker from 'dockerode';
import { type Carrier, parseCarrierName, WORKSPACE } from '../desktop/workspace.ts';
import type { CarrierFacts } from '../pool/ports.ts';
import { statusOf } from './errors.ts';

/** Not vdi.worker: whatever counts or ends this worker's desktops must not find the carriers. */
const KEEPER = 'vdi.keeper';

export function carrierFilter(worker: string): string[] {
  return [`${KEEPER}=${worker}`];
}

/** What the engine lists of a carrier; undefined for what is none. */
export function readCarrier(raw: Docker.ContainerInfo): Carrier | undefined {
  const name = nameOf(raw);
  const said = parseCarrierName(name);
  const volume = volumeIn(raw);
  return said && volume !== undefined ? { ...said, name, volume, containerId: raw.Id } : undefined;
}

/** A listed container's name, which the engine writes as a path. */
export function nameOf(raw: Docker.ContainerInfo): string {
  return (raw.Names[0] ?? '').replace(/^\//, '');
}

/** The volume that a listed container has its student's files on. */
export function volumeIn(raw: Docker.ContainerInfo): string | undefined {
  return raw.Mounts.find((mount) => mount.Destination === WORKSPACE)?.Name;
}

/**
 * Makes a container that is never started: it has no network, and nothing in it runs.
 * @param image any that is there; none of it is used
 */
export async function makeCarrier(
  docker: Docker,
  order: {
    readonly worker: string;
    readonly image: string;
    readonly name: string;
    readonly facts: CarrierFacts;
  },
): Promise<{ readonly containerId: string } | 'name-taken'> {
  const { worker, image, name, facts } = order;
  try {
    const container = await docker.createContainer({
      name,
      Image: image,
      Entrypoint: ['/bin/false'],
      Labels: {
        [KEEPER]: worker,
        'vdi.exam': String(facts.examId),
        'vdi.desktop': facts.desktopId,
        'vdi.kept': '1',
      },
      HostConfig: {
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        RestartPolicy: { Name: 'no' },
        // By its name: a mount by name is never removed together with its container.
        Mounts: [{ Type: 'volume', Source: facts.volume, Target: WORKSPACE }],
      },
    });
    return { containerId: container.id };
  } catch (error) {
    if (statusOf(error) === 409) return 'name-taken';
    throw error;
  }
}
