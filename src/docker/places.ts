import type { HostConfig } from 'dockerode';
import type { FileLimits } from '../desktop/files.ts';
import { decodeLabels } from '../desktop/labels.ts';
import { type LostWorkspace, WORKSPACE } from '../desktop/workspace.ts';

/**
 * Where a desktop may write. Its root is read-only, so that neither the student nor what runs as root after the start
 * changes a program, a policy or the lock's own files; and what a student fills is bounded by his memory limit.
 */
const TMPFS = {
  // Sockets, and what the entry point made of the settings. Nothing is run from there.
  '/run': 'rw,nosuid,nodev,noexec,size=32m,nr_inodes=8192,mode=0755',
  // Exec: students run what they compile wherever they are, and their home is no different.
  '/tmp': 'rw,nosuid,nodev,exec,size=256m,nr_inodes=65536,mode=1777',
};

const IN_WORKSPACE = 'vdi.workspace';

/**
 * Home and workspace outlive a stop, so they are volumes: anonymous, so that they go with their container and none can be
 * mixed up with another's; labelled, so that one left over is known as this worker's. A student's workspace also outlives
 * his desktop: the engine leaves a volume that a carrier has.
 * @param workspace the volume of a student's earlier desktop, to go on with
 * @param sizes what the engine's file system is to hold them to; undefined where it cannot
 */
export function places(labels: Readonly<Record<string, string>>, workspace?: string, sizes?: FileLimits): HostConfig {
  const volume = (Target: string, sizeMb?: number, more: Readonly<Record<string, string>> = {}) => ({
    Type: 'volume' as const,
    Source: '',
    Target,
    VolumeOptions: {
      NoCopy: false,
      Labels: { ...labels, ...more },
      DriverConfig: { Name: 'local', Options: sizeMb === undefined ? {} : { size: `${sizeMb}m` } },
    },
  });
  return {
    ReadonlyRootfs: true,
    Tmpfs: TMPFS,
    Mounts: [
      volume('/home', sizes?.homeMb),
      workspace === undefined
        ? volume(WORKSPACE, sizes?.workspaceMb, { [IN_WORKSPACE]: '1' })
        : { Type: 'volume', Source: workspace, Target: WORKSPACE },
    ],
  };
}

const END = 'vdi-end-';

/** An empty volume of this name says that the time of the other one is over: a volume's own labels never change. */
export const endName = (volume: string): string => `${END}${volume}`;

/** The volume that a volume of this name speaks of; undefined when it is none of those. */
export function readEndName(name: string): string | undefined {
  return name.startsWith(END) ? name.slice(END.length) : undefined;
}

/** Whose desktop's workspace a volume is, by its labels; undefined when it is none. */
export function readWorkspaceLabels(
  volume: string,
  labels: Readonly<Record<string, string>> | null,
): LostWorkspace | undefined {
  const known = labels?.[IN_WORKSPACE] === '1' ? decodeLabels(labels) : undefined;
  return known && { volume, examId: known.examId, desktopId: known.desktopId };
}
