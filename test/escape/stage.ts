import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { Container, ContainerCreateOptions } from 'dockerode';
import { packSecrets, secretsParent } from '../../src/docker/secret-file.ts';
import { createOptions, type Template } from '../../src/docker/template.ts';
import { LABELS, METADATA, makeNetworks, OUTSIDE } from './networks.ts';

const PORTS = ['22', '53', '80', '443', '853', '3000', '3389', '4822', '6379', '8080'];
const here = (file: string) => new URL(file, import.meta.url);
export const PASSWORD = 'escape-test-password';

/** Everything the attempts are made from and at. Nothing of it existed before, nothing is left of it afterwards. */
export interface Stage {
  /** A real desktop, locked, with the create options of the worker. */
  readonly desktop: Container;
  /** Another one, in the same network, whose exam leaves the web open. */
  readonly neighbour: Container;
  /** The controls' place: the same image on the same network with no lock and every privilege. */
  readonly loose: Container;
  /** Where the services are; RDP is accepted from here. */
  readonly services: Container;
  /** Another site, and the name server that Docker's own asks outside. */
  readonly other: Container;
  readonly network: string;
  readonly at: Readonly<Record<Place, string>>;
  readonly hostPort: string;
}
export type Place =
  | 'gateway'
  | 'services'
  | 'site'
  | 'site6'
  | 'shared'
  | 'shared6'
  | 'other'
  | 'other6'
  | 'neighbour'
  | 'desktop'
  | 'metadata'
  | 'public';

export async function clear(docker: Docker): Promise<void> {
  const filters = { label: ['vdi.test=escape'] };
  const containers = await docker.listContainers({ all: true, filters });
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
  for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
}

export async function raise(docker: Docker, image: string): Promise<Stage> {
  await clear(docker);
  const { name: network, metadata, outside, prefix, prefix6 } = await makeNetworks(docker);
  const at: Record<Place, string> = {
    gateway: `${prefix}.1`,
    services: `${prefix}.10`,
    site: `${prefix}.40`,
    site6: `${prefix6}:40`,
    shared: `${prefix}.42`,
    shared6: `${prefix6}:42`,
    other: `${prefix}.41`,
    other6: `${prefix6}:41`,
    desktop: `${prefix}.60`,
    neighbour: `${prefix}.61`,
    metadata: METADATA,
    public: OUTSIDE,
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
  const shared = await docker.createContainer({
    name: 'vdi_escape_shared',
    Image: image,
    Labels: LABELS,
    Entrypoint: ['python3', '-u', '-c', readFileSync(here('site.py'), 'utf8')],
    HostConfig: { NetworkMode: network },
    NetworkingConfig: address('42', ['shared.escape.test']),
  });
  const loose = await docker.createContainer({
    name: 'vdi_escape_loose',
    Image: image,
    Labels: LABELS,
    Entrypoint: ['sleep', 'infinity'],
    HostConfig: { NetworkMode: network, Privileged: true, Init: true, Dns: [at.other] },
    NetworkingConfig: address('50'),
  });
  const desk = (name: string, last: string, domains: string, restricted = true) =>
    makeDesktop(docker, { image, network, name, last, at, domains, restricted });
  const desktop = await desk(
    'desktop',
    '60',
    'exam.escape.test ext.escape.test *.wild.escape.test shared.escape.test moving.escape.test',
  );
  const neighbour = await desk('neighbour', '61', 'exam.escape.test', false);
  // The metadata address lies on a network of its own that the desktops are attached to as well: a route is there.
  const aside = docker.getNetwork(metadata);
  await aside.connect({ Container: other.id, EndpointConfig: { IPAMConfig: { IPv4Address: METADATA } } });
  await aside.connect({ Container: loose.id });
  await aside.connect({ Container: desktop.id });
  await aside.connect({ Container: neighbour.id });
  const beyond = docker.getNetwork(outside);
  await beyond.connect({ Container: other.id, EndpointConfig: { IPAMConfig: { IPv4Address: OUTSIDE } } });
  await beyond.connect({ Container: loose.id });
  await beyond.connect({ Container: neighbour.id });

  await Promise.all([site, services, other, shared, loose].map((container) => container.start()));
  await Promise.all([startReady(desktop), startReady(neighbour)]);
  const ports = (await other.inspect()).NetworkSettings.Ports['3000/tcp'];
  return { desktop, neighbour, loose, services, other, network, at, hostPort: ports?.[0]?.HostPort ?? '' };
}

interface Wanted {
  readonly image: string;
  readonly network: string;
  readonly name: string;
  readonly last: string;
  readonly at: Readonly<Record<Place, string>>;
  readonly domains: string;
  readonly restricted: boolean;
}

async function makeDesktop(docker: Docker, wanted: Wanted): Promise<Container> {
  const { image, network, name, last, at } = wanted;
  const template: Template = {
    image,
    network,
    env: {
      EXAM_NAME: 'Escape',
      EXAM_RESTRICT_INTERNET: String(wanted.restricted),
      EXAM_FIREWALL_ENFORCE_STRICT: 'true',
      EXAM_ALLOWED_DOMAINS: wanted.domains,
      EXAM_ALLOWED_IPS: at.site6,
      EXAM_BROWSER_URL: 'http://exam.escape.test/',
      EXAM_RDP_FROM: `${at.services}/32`,
    },
    workspaceLimitMb: 1024,
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
  await container.putArchive(await packSecrets(PASSWORD, randomBytes(32)), { path: secretsParent });
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
