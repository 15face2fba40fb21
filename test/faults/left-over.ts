import type { Rig } from '../rig/rig.ts';
import { carriersOf } from './handed-in.ts';
import type { HostRules } from './rules.ts';

/** Services of the rig that are on the desktops' network beside the desktops. */
const SERVICES = ['guacd', 'site'];
/** Networks that the rig made; the worker makes none. */
const NETWORKS = 2;

export interface Expected {
  /** Names of the seats of those who have handed in, and whose files are kept. */
  readonly handedIn: readonly string[];
  readonly rules?: HostRules | undefined;
}

/**
 * Containers, volumes, networks, the host's rules and Redis’ sessions are exactly those that the worker tells of; else what
 * is not so.
 */
export async function nothingLeftOver(
  rig: Rig,
  { handedIn, rules }: Expected = { handedIn: [] },
): Promise<true | string> {
  const listed = await rig.desktops();
  const names = listed.map(({ Names }) => (Names[0] ?? '').slice(1));
  const known: string[] = (await rig.call('/api/vdi/cluster/status')).body.desktops.map(
    ({ name }: { name: string }) => name,
  );
  const mounted = listed.flatMap(({ Mounts }) => Mounts.map(({ Name }) => Name));
  const carriers = await carriersOf(rig);
  const isMeant = ({ of = '', isKept, volumes }: (typeof carriers)[number]): boolean =>
    isKept ? handedIn.includes(of) : names.includes(of) && volumes.some((name) => mounted.includes(name ?? ''));
  const carried = carriers.filter(isMeant).flatMap(({ volumes }) => volumes);
  const wrong = [
    ...names.filter((name) => !known.includes(name)).map((name) => `container ${name} unknown`),
    ...known.filter((name) => !names.includes(name)).map((name) => `container ${name} missing`),
    ...(await rig.volumes())
      .filter((name) => !mounted.includes(name) && !carried.includes(name))
      .map((name) => `volume ${name} of nobody`),
    ...carriers.filter((each) => !isMeant(each)).map(({ name }) => `carrier ${name} of nobody`),
    ...(await wrongOnNetworks(rig, names)),
    ...((await rules?.wrong()) ?? []),
    ...(await wrongInRedis(rig, names)),
  ];
  return wrong.length === 0 || wrong.join(', ');
}

async function wrongOnNetworks(rig: Rig, desktops: readonly string[]): Promise<string[]> {
  const networks = await rig.docker.listNetworks({ filters: { name: [rig.code] } });
  const attached = await rig.docker.getNetwork(`${rig.code}_exam_net`).inspect();
  const there = Object.values(attached.Containers as Record<string, { Name: string }>).map(({ Name }) => Name);
  const expected = [...desktops, ...SERVICES.map((service) => `${rig.code}-${service}`)];
  return [
    ...(networks.length === NETWORKS ? [] : [`${networks.length} networks`]),
    ...there.filter((name) => !expected.includes(name)).map((name) => `${name} on the network`),
    ...expected.filter((name) => !there.includes(name)).map((name) => `${name} not on the network`),
  ];
}

/** Redis is a cache that others read: it must say again who sits here. */
async function wrongInRedis(rig: Rig, desktops: readonly string[]): Promise<string[]> {
  const expected = desktops.flatMap((name) => {
    const [, examId, userId] = /^exam_(\d+)_u(\d+)$/.exec(name) ?? [];
    return userId === undefined ? [] : [`vdi:session:exam:${examId}:user:${userId}`];
  });
  const told = await rig.exec(rig.container('redis').id, ['redis-cli', '--raw', 'keys', 'vdi:session:*']);
  const keys = told.output.split(/\s+/).filter(Boolean);
  return keys.sort().join() === expected.sort().join() ? [] : [`Redis has ${keys.join(' ') || 'no sessions'}`];
}
