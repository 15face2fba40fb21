import type { HostConfig } from 'dockerode';

const MB = 1024 ** 2;

/** What the entry point needs until it drops the most of it for good (exam-linux/root/usr/lib/exam/drop). */
const CAPABILITIES = [
  // Files for the student and for xrdp, their modes, and a look into his home, which is closed to others.
  'CHOWN',
  'FOWNER',
  'DAC_OVERRIDE',
  // Stays, with the watch over the student's files alone: no mode that he sets hides anything from it.
  'DAC_READ_SEARCH',
  // To become the student, xrdp, and the lock's own accounts. Root's keepers inside keep these two.
  'SETUID',
  'SETGID',
  // Without strict mode a lock that failed is taken away, its programs too.
  'KILL',
  'NET_ADMIN',
  // Without it no capability could be dropped for good.
  'SETPCAP',
  // PAM, when sesman asks it about a password.
  'AUDIT_WRITE',
];

/** What the engine hides by itself (a list of ours takes the place of its own), and what of the host is nobody's affair here. */
const MASKED = [
  ...['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi', 'timer_list'].map(
    (name) => `/proc/${name}`,
  ),
  '/proc/timer_stats',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
  // Ours: the host's load (anybody may write triggers there), kernel, disks and hardware.
  ...['pressure', 'kallsyms', 'modules', 'config.gz', 'cmdline', 'iomem', 'ioports', 'vmallocinfo', 'slabinfo'].map(
    (name) => `/proc/${name}`,
  ),
  ...['diskstats', 'partitions', 'swaps', 'kmsg', 'kpagecount', 'kpageflags', 'kpagecgroup'].map(
    (name) => `/proc/${name}`,
  ),
  ...['kernel', 'module', 'block', 'hypervisor', 'devices/virtual/dmi'].map((name) => `/sys/${name}`),
];

/**
 * What nobody in a desktop may do, from its first process on.
 * @param fileMb how large a single file may get
 */
export function restrictions(seccomp: string, fileMb: number): HostConfig & { readonly CgroupnsMode: 'private' } {
  return {
    CapDrop: ['ALL'],
    CapAdd: CAPABILITIES,
    SecurityOpt: ['no-new-privileges', `seccomp=${seccomp}`],
    MaskedPaths: MASKED,
    // Whatever the engine's own defaults are.
    IpcMode: 'private',
    CgroupnsMode: 'private',
    Ulimits: [
      { Name: 'nofile', Soft: 4096, Hard: 8192 },
      // A crash leaves no copy of the memory: it would fill the home, and the host may collect them.
      { Name: 'core', Soft: 0, Hard: 0 },
      // A loop that prints into a file ends there, not with the host's disk. Processes are limited by PidsLimit: a limit
      // by `nproc` counts those of all desktops together, since the student has the same number in each.
      { Name: 'fsize', Soft: fileMb * MB, Hard: fileMb * MB },
    ],
    // Short of memory, the host's kernel ends a desktop before the worker or the engine.
    OomScoreAdj: 100,
    // An empty range: nobody in the desktop may open ping sockets, which need no capability.
    Sysctls: { 'net.ipv4.ping_group_range': '1 0' },
  };
}
