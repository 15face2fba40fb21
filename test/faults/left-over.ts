import type { Rig } from '../rig/rig.ts';

/** Services of the rig that are on the desktops' network beside the desktops. */
const SERVICES = ['guacd', 'site'];
/** Networks that the rig made; the worker makes none. */
const NETWORKS = 2;
const REDIS_MS = 5_000;

/** Containers, volumes, networks and Redis’ sessions are exactly those that the worker tells of; else what is not so. */
export async function nothingLeftOver(rig: Rig): Promise<true | string> {
  const listed = await rig.desktops();
  const names = listed.map(({ Names }) => (Names[0] ?? '').slice(1));
  const known: string[] = (await rig.call('/api/vdi/cluster/status')).body.desktops.map(
    ({ name }: { name: string }) => name,
  );
  const mounted = listed.flatMap(({ Mounts }) => Mounts.map(({ Name }) => Name));
  const carriers = await rig.docker.listContainers({ all: true, filters: { label: [`vdi.keeper=${rig.code}`] } });
  const idle = carriers.filter(({ Mounts }) => !Mounts.some(({ Name }) => mounted.includes(Name)));
  const wrong = [
    ...names.filter((name) => !known.includes(name)).map((name) => `container ${name} unknown`),
    ...known.filter((name) => !names.includes(name)).map((name) => `container ${name} missing`),
    ...(await rig.volumes()).filter((name) => !mounted.includes(name)).map((name) => `volume ${name} of nobody`),
    // The rig keeps no student's files beyond his session.
    ...idle.map(({ Names }) => `carrier ${Names[0]} of nobody`),
    ...(await wrongOnNetworks(rig, names)),
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
  let keys: string[] = [];
  const fits = async (): Promise<boolean> => {
    const told = await rig.exec(rig.container('redis').id, ['redis-cli', '--raw', 'keys', 'vdi:session:*']);
    keys = told.output.split(/\s+/).filter(Boolean);
    return keys.sort().join() === expected.sort().join();
  };
  return rig.until('Redis tells it', fits, REDIS_MS).then(
    () => [],
    () => [`Redis has ${keys.join(' ') || 'no sessions'}`],
  );
}
