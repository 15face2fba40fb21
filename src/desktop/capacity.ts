/** The host as the contract's formula sees it. CPU in cores, memory in MB. */
export interface HostSize {
  readonly cpuCores: number;
  readonly memoryMb: number;
  readonly reservedCpuCores: number;
  readonly reservedMemoryMb: number;
}

/** Planning figures of one desktop. CPU in cores, memory in MB. */
export interface DesktopSize {
  readonly cpuCores: number;
  readonly memoryMb: number;
}

/** Slots of this host by the contract's section 2: the same number that the control-plane computes from the heartbeat. */
export function maxSessions(host: HostSize, desktop: DesktopSize): number {
  const byCpu = slotsOf(host.cpuCores - host.reservedCpuCores, desktop.cpuCores);
  const byMemory = slotsOf(host.memoryMb - host.reservedMemoryMb, desktop.memoryMb);
  return Math.max(0, Math.min(byCpu, byMemory));
}

// Plain division as the control-plane does it: if its floating point rounds 0.8/0.1 down, so must ours, or the two disagree.
function slotsOf(free: number, each: number): number {
  return Math.floor(free / each);
}

/** What the host has left at a moment, whoever uses the rest. Undefined: it cannot be told, and limits nothing. */
export interface HostLeft {
  readonly memoryMb?: number | undefined;
  /** On the file system that the engine keeps containers on. */
  readonly diskMb?: number | undefined;
  /** Files that can still be made there. */
  readonly diskFiles?: number | undefined;
  readonly threads?: number | undefined;
}

/** How many more desktops there is room for, and what is the narrowest. */
export interface Fit {
  readonly count: number;
  readonly short: 'slots' | 'memory' | 'disk' | 'threads';
}

/** Never used up: the engine, the services and the log must go on. */
const KEEP_DISK_MB = 1_024;
const KEEP_FILES = 20_000;
const KEEP_THREADS = 1_000;
/** A desktop's own layer and log while a student works, and what its programs run at once; both with room to spare. */
const DESKTOP_DISK_MB = 256;
const DESKTOP_FILES = 4_000;
const DESKTOP_THREADS = 400;

/**
 * The contract's slots are a plan made from the host's size. This is the host as it is: other programs may have taken
 * what the plan counts on, and a desktop too many takes everybody's down with it.
 * @param coming desktops that are starting: what they will take is not missing from `left` yet
 * @param memoryMb a desktop's memory limit. Half of it must be there: more than a session was seen to take, and
 *   hosts on which all of them reach their limit at once are what the slots are for
 */
export function fitsBeside(now: { slots: number; coming: number; left: HostLeft; memoryMb: number }): Fit {
  const { slots, coming, left, memoryMb } = now;
  const by = (have: number | undefined, keep: number, each: number): number =>
    have === undefined ? Number.POSITIVE_INFINITY : Math.floor((have - keep) / each) - coming;
  const rooms: Fit[] = [
    { short: 'slots', count: slots },
    { short: 'memory', count: by(left.memoryMb, 0, memoryMb / 2) },
    { short: 'disk', count: by(left.diskMb, KEEP_DISK_MB, DESKTOP_DISK_MB) },
    { short: 'disk', count: by(left.diskFiles, KEEP_FILES, DESKTOP_FILES) },
    { short: 'threads', count: by(left.threads, KEEP_THREADS, DESKTOP_THREADS) },
  ];
  const { count, short } = rooms.reduce((narrowest, room) => (room.count < narrowest.count ? room : narrowest));
  return { count: Math.max(0, count), short };
}

/** The file system that the engine keeps containers and volumes on. `files` is 0 where it has no fixed number of them. */
export interface Disk {
  readonly freeMb: number;
  readonly totalMb: number;
  readonly freeFiles: number;
  readonly totalFiles: number;
}

/** Somebody must be told in time to do something: with a tenth left, on a large disk with this much. */
const LOW_SHARE = 10;
const LOW_MB = 10_240;

/** What the operator must know of the disk before desktops can no more be made. */
export function diskComplaints({ freeMb, totalMb, freeFiles, totalFiles }: Disk): string[] {
  const lowMb = Math.max(2 * KEEP_DISK_MB, Math.min(LOW_MB, totalMb / LOW_SHARE));
  const leastMb = KEEP_DISK_MB + DESKTOP_DISK_MB;
  const advice = 'make room on it; ./status.sh workspace list shows how much students’ files take';
  return [
    ...(freeMb < lowMb
      ? [
          `disk: the engine’s disk has ${freeMb} of ${totalMb} MB left, below ${leastMb} MB no desktop is made: ${advice}`,
        ]
      : []),
    ...(totalFiles > 0 && freeFiles < totalFiles / LOW_SHARE
      ? [`disk: the engine’s disk has room for ${freeFiles} more files (of ${totalFiles}): ${advice}`]
      : []),
  ];
}
