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
