import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';

// What test runs that were killed have left on the engine. A desktop of theirs holds its name, which a later run would be refused.

const CODE = 'vdi.rig';
const OWNER = 'vdi.rig.process';
const OUTBOX = 'vdi-rig-';

/** Labels that say which process answers for what it makes under this worker's code. */
export const labelsOfRig = (code: string): Record<string, string> => ({ [CODE]: code, [OWNER]: processName('self') });

/** Beginning of the name of a rig's folder for the outbox. */
export const outboxOf = (code: string): string => join(tmpdir(), `${OUTBOX}${code}-`);

let looked: Promise<void> | undefined;

/** Removes all that rigs of dead processes left; once per process unless told to look now, for little new can have come of them. */
export function removeLeftBehind(docker: Docker, when?: 'look now'): Promise<void> {
  if (when === 'look now') looked = undefined;
  looked ??= removeDead(docker);
  return looked;
}

async function removeDead(docker: Docker): Promise<void> {
  const networks = await docker.listNetworks({ filters: { label: [CODE] } });
  const dead = networks.flatMap(({ Labels }) => (isGone(Labels?.[OWNER]) ? (Labels?.[CODE] ?? []) : []));
  for (const code of new Set(dead)) {
    console.log(`removing what a killed run left: ${code}`);
    killWorkersOf(code);
    await removeDesktopsOf(docker, code);
    for (const name of await volumesOf(docker, code)) await docker.getVolume(name).remove();
    const ofRig = { label: [`${CODE}=${code}`] };
    for (const { Id } of await docker.listContainers({ all: true, filters: ofRig }))
      await docker.getContainer(Id).remove({ force: true, v: true });
    for (const { Id } of await docker.listNetworks({ filters: ofRig })) await removeNetwork(docker, Id);
    const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(`${OUTBOX}${code}-`));
    for (const name of folders) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** Names of a worker's volumes: each desktop has two, and what a student left has one. */
export async function volumesOf(docker: Docker, code: string): Promise<string[]> {
  const { Volumes } = await docker.listVolumes({ filters: { label: [`vdi.worker=${code}`] } });
  return (Volumes ?? []).map(({ Name }) => Name);
}

/** Removes a worker's desktops, and the files that students left. */
export async function removeDesktopsOf(docker: Docker, code: string): Promise<void> {
  const desktops = await docker.listContainers({ all: true, filters: { label: [`vdi.worker=${code}`] } });
  for (const { Id } of desktops) await docker.getContainer(Id).remove({ force: true, v: true });
  const carriers = await docker.listContainers({ all: true, filters: { label: [`vdi.keeper=${code}`] } });
  for (const { Id } of carriers) await docker.getContainer(Id).remove({ force: true });
  const carried = carriers.flatMap(({ Mounts }) => Mounts.flatMap(({ Name }) => Name ?? []));
  for (const name of new Set(carried)) await docker.getVolume(name).remove();
}

/** Also what a test has put on the rig's network: nothing else can be there. */
async function removeNetwork(docker: Docker, id: string): Promise<void> {
  const onIt = await docker.listContainers({ all: true, filters: { network: [id] } });
  for (const { Id } of onIt) await docker.getContainer(Id).remove({ force: true, v: true });
  await docker.getNetwork(id).remove();
}

/** A worker whose rig was killed lives on and would fill its pools up again. */
function killWorkersOf(code: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    if (environmentOf(pid).includes(`WORKER_CODE=${code}`)) process.kill(Number(pid), 'SIGKILL');
}

function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return []; // ended meanwhile, or somebody else's
  }
}

/** Only of a process that could be seen from here: another container's are not gone because they are out of sight. */
function isGone(owner: string | undefined): boolean {
  const [pid, , place] = owner?.split('@') ?? [];
  if (pid === undefined || place !== processName('self').split('@')[2]) return false;
  try {
    return processName(pid) !== owner;
  } catch {
    return true;
  }
}

/** A process, told apart from a later one with its number: number, start and namespace. */
function processName(pid: string): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const started = stat.slice(stat.lastIndexOf(')')).split(' ')[20];
  return `${stat.split(' ')[0]}@${started}@${readlinkSync(`/proc/${pid}/ns/pid`)}`;
}
