import { BlockList } from 'node:net';
import { ClusterGate, type GateSettings } from '../../../src/http/cluster-gate.ts';
import { ClusterTally } from '../../../src/http/cluster-tally.ts';
import { Metrics } from '../../../src/http/metrics.ts';

/** The cluster calls' door of a worker in a test, and its clock. */
export function openDoor(settings: Partial<GateSettings> = {}, own: readonly string[] = []) {
  const time = { now: 1_800_000_000_000, uptime: 600_000 };
  const clocks = { now: () => time.now, uptime: () => time.uptime };
  const metrics = new Metrics();
  const gate = new ClusterGate(
    {
      worker: 'worker-02',
      tokens: ['the-token-of-the-cluster'],
      allowed: new BlockList(),
      requireSigned: false,
      ...settings,
    },
    { ...clocks, isOwnService: async (address) => own.includes(address) },
  );
  const tally = new ClusterTally(metrics, clocks.now);
  const pass = (ms: number): void => {
    time.now += ms;
    time.uptime += ms;
  };
  return { gate, tally, trustedProxies: new BlockList(), uptime: clocks.uptime, time, pass, counted: metrics };
}
