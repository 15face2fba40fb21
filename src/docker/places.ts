import type { HostConfig } from 'dockerode';

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

/**
 * The home outlives a stop, so it is a volume: anonymous, so that it goes with its container and none can be mixed up
 * with another's; labelled, so that one left over is known as this worker's.
 */
export function places(labels: Readonly<Record<string, string>>): HostConfig {
  return {
    ReadonlyRootfs: true,
    Tmpfs: TMPFS,
    Mounts: [
      {
        Type: 'volume',
        Source: '',
        Target: '/home',
        VolumeOptions: { NoCopy: false, Labels: { ...labels }, DriverConfig: { Name: 'local', Options: {} } },
      },
    ],
  };
}
