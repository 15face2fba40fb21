import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { Container, ContainerCreateOptions } from 'dockerode';
import { packSecrets, secretsParent } from '../../src/docker/secret-file.ts';
import { createOptions, type Template } from '../../src/docker/template.ts';

const LABELS = { 'vdi.test': 'escape' };
const PORTS = ['22', '53', '80', '443', '853', '3000', '3389', '4822', '6379', '8080'];
const here = (file: string) => new URL(file, import.meta.url);
const METADATA = '169.254.169.254';
export const PASSWORD = 'escape-test-password';

/** Everything the attempts are made from and at. Nothing of it existed before, nothing is left of it afterwards. */
export interface Stage {
  /** A real desktop, locked, with the create options of the worker. */
  readonly desktop: Container;
  /** The controls' place: the same image on the same network with no lock and every privilege. */
  readonly loose: Container;
  /** Where the services are; RDP is accepted from here. */
  readonly services: Container;
  readonly at: Readonly<Record<Place, string>>;
  readonly hostPort: string;
}
export type Place =
  | 'gateway'
  | 'services'
  | 'site'
  | 'site6'
  | 'other'
  | 'other6'
  | 'neighbour'
  | 'desktop'
  | 'metadata';

export async function clear(docker: Docker): Promise<void> {
  const filters = { label: ['vdi.test=escape'] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
}

/** The first private range that the engine still has free. */
async function makeNetworks(
  docker: Docker,
): Promise<{ name: string; metadata: string; prefix: string; prefix6: string }> {
  const metadata = 'vdi_escape_metadata';
  await docker.createNetwork({
    Name: metadata,
    Labels: LABELS,
    IPAM: { Driver: 'default', Config: [{ Subnet: '169.254.169.240/28', Gateway: '169.254.169.241' }] },
  });
  const name = 'vdi_escape_exam_net';
  for (let n = 220; n < 240; n++) {
    const prefix = `10.${n}.0`;
    const prefix6 = `fd00:e5c:${n}:`;
    try {
      await docker.createNetwork({
        Name: name,
        Labels: LABELS,
        EnableIPv6: true,
        IPAM: {
          Driver: 'default',
          Config: [
            { Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` },
            { Subnet: `${prefix6}:/64`, Gateway: `${prefix6}:1` },
          ],
        },
      });
      return { name, metadata, prefix, prefix6 };
    } catch (error) {
      if (!/overlaps/.test(String(error))) throw error;
    }
  }
  throw new Error(
    'no free range between 10.220.0.0 and 10.239.0.0; remove networks that are not needed: docker network ls',
  );
}

export async function raise(docker: Docker, image: string): Promise<Stage> {
  await clear(docker);
  const { name: network, metadata, prefix, prefix6 } = await makeNetworks(docker);
  const at: Record<Place, string> = {
    gateway: `${prefix}.1`,
    services: `${prefix}.10`,
    site: `${prefix}.40`,
    site6: `${prefix6}:40`,
    other: `${prefix}.41`,
    other6: `${prefix6}:41`,
    desktop: `${prefix}.60`,
    neighbour: `${prefix}.61`,
    metadata: METADATA,
  };
  const address = (last: string, aliases: string[] = []) => ({
    EndpointsConfig: {
      [network]: {
        IPAMConfig: { IPv4Address: `${prefix}.${last}`, IPv6Address: `${prefix6}:${last}` },
        Aliases: aliases,
      },
    },
  });
  const target = async (
    name: string,
    last: string,
    aliases: string[],
    more: ContainerCreateOptions['HostConfig'] = {},
  ) => {
    const container = await docker.createContainer({
      name: `vdi_escape_${name}`,
      Image: image,
      Labels: LABELS,
      Entrypoint: ['perl', '-e', readFileSync(here('target.pl'), 'utf8'), at.site, at.other],
      Cmd: PORTS,
      ExposedPorts: { '3000/tcp': {} },
      HostConfig: { NetworkMode: network, ...more },
      NetworkingConfig: address(last, aliases),
    });
    return container;
  };

  const site = await target('site', '40', ['exam.escape.test']);
  const services = await target('services', '10', ['worker_guacd', 'worker_redis', 'worker_backend']);
  const other = await target('other', '41', ['other.escape.test'], {
    PortBindings: { '3000/tcp': [{ HostIp: at.gateway, HostPort: '' }] },
  });
  const loose = await docker.createContainer({
    name: 'vdi_escape_loose',
    Image: image,
    Labels: LABELS,
    Entrypoint: ['sleep', 'infinity'],
    HostConfig: { NetworkMode: network, Privileged: true, Init: true, Dns: [at.other] },
    NetworkingConfig: address('50'),
  });
  const desk = (name: string, last: string, domains: string) =>
    makeDesktop(docker, { image, network, name, last, at, domains });
  const desktop = await desk('desktop', '60', 'exam.escape.test ext.escape.test *.wild.escape.test');
  const neighbour = await desk('neighbour', '61', 'exam.escape.test');
  // The metadata address lies on a network of its own that the desktop is attached to as well: a route is there.
  const aside = docker.getNetwork(metadata);
  await aside.connect({ Container: other.id, EndpointConfig: { IPAMConfig: { IPv4Address: METADATA } } });
  await aside.connect({ Container: loose.id });
  await aside.connect({ Container: desktop.id });

  await Promise.all([site, services, other, loose].map((container) => container.start()));
  await Promise.all([startReady(desktop), startReady(neighbour)]);
  const ports = (await other.inspect()).NetworkSettings.Ports['3000/tcp'];
  return { desktop, loose, services, at, hostPort: ports?.[0]?.HostPort ?? '' };
}

interface Wanted {
  readonly image: string;
  readonly network: string;
  readonly name: string;
  readonly last: string;
  readonly at: Readonly<Record<Place, string>>;
  readonly domains: string;
}

async function makeDesktop(docker: Docker, wanted: Wanted): Promise<Container> {
  const { image, network, name, last, at } = wanted;
  const template: Template = {
    image,
    network,
    env: {
      EXAM_NAME: 'Escape',
      EXAM_RESTRICT_INTERNET: 'true',
      EXAM_FIREWALL_ENFORCE_STRICT: 'true',
      EXAM_ALLOWED_DOMAINS: wanted.domains,
      EXAM_ALLOWED_IPS: at.site6,
      EXAM_BROWSER_URL: 'http://exam.escape.test/',
      EXAM_RDP_FROM: `${at.services}/32`,
    },
    memoryMb: 1536,
    cpuLimit: 2,
    shmMb: 256,
    pidsLimit: 800,
    proofKeyName: 'escape',
    seccomp: readFileSync(here('../../exam-linux/seccomp.json'), 'utf8'),
  };
  const labels = { worker: 'escape', examId: 1, desktopId: name, imageId: image, template: 'escape' };
  const options = createOptions(template, { name: `vdi_escape_${name}`, ip: at.site.replace(/\d+$/, last), labels });
  const endpoint = options.NetworkingConfig?.EndpointsConfig?.[network];
  if (endpoint?.IPAMConfig) endpoint.IPAMConfig.IPv6Address = at.site6.replace(/\d+$/, last);
  const container = await docker.createContainer({
    ...options,
    Labels: LABELS,
    HostConfig: { ...options.HostConfig, Dns: [at.other] },
  });
  await container.putArchive(await packSecrets(PASSWORD), { path: secretsParent });
  return container;
}

/** The desktop itself says when it is ready, or why it never will be. */
async function startReady(container: Container): Promise<void> {
  await container.start();
  const log = (await container.logs({ follow: true, stdout: true, stderr: true })) as unknown as Readable;
  try {
    for await (const chunk of log) {
      if (/"event":"failed"/.test(String(chunk))) throw new Error(`the desktop did not come up: ${chunk}`);
      if (/"event":"ready"/.test(String(chunk))) return;
    }
    throw new Error('the desktop ended before it was ready');
  } finally {
    log.destroy();
  }
}
