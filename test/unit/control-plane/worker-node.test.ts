import { describe, expect, it } from 'vitest';
import { drainStatus, freeSlots, isHealthy, isSchedulable, slotsOf } from '../../../src/control-plane/worker-node.ts';
import { ago, clocked, worker } from './fleet.ts';

const beat = {
  code: 'w',
  name: 'w',
  apiBaseUrl: 'http://w',
  totalCpuCores: 8,
  totalMemoryMb: 12_288,
  reservedCpuCores: 1,
  reservedMemoryMb: 1024,
  vmCpuCores: 1.5,
  vmMemoryMb: 2048,
  activeSessions: 0,
  metadata: {},
};

describe('slots', () => {
  it.each([
    ['the contract’s worked example: 4 by CPU, 5 by RAM', {}, 4],
    ['memory decides when it is the scarcer one', { totalMemoryMb: 5120 }, 2],
    ['a host smaller than its reserve has none', { totalCpuCores: 1 }, 0],
    ['desktops of size nought make none, not endless ones', { vmCpuCores: 0, vmMemoryMb: 0 }, 0],
    ['a host of nothing with desktops of nothing', { totalCpuCores: 1, vmCpuCores: 0 }, 0],
  ])('%s', (_rule, change, slots) => {
    expect(slotsOf({ ...beat, ...change })).toBe(slots);
  });
  it('free ones count students sent there since the last heartbeat', () => {
    expect(freeSlots({ maxSessions: 4, activeSessions: 1, dispatched: 3 })).toBe(1);
    expect(freeSlots({ maxSessions: 4, activeSessions: 3, dispatched: 1 })).toBe(1);
    expect(freeSlots({ maxSessions: 4, activeSessions: 9, dispatched: 0 })).toBe(0);
  });
});

describe('healthy', () => {
  it('while the last heartbeat is at most the time to live old', () => {
    expect(isHealthy(worker('w', { lastHeartbeatAt: ago(120) }), clocked)).toBe(true);
    expect(isHealthy(worker('w', { lastHeartbeatAt: ago(120.001) }), clocked)).toBe(false);
    expect(isHealthy(worker('w', { lastHeartbeatAt: null }), clocked)).toBe(false);
  });
});

describe('schedulable', () => {
  it.each([
    ['a healthy worker with room', {}, true],
    ['not a stale one', { lastHeartbeatAt: ago(121) }, false],
    ['not a disabled one', { isEnabled: false }, false],
    ['not a draining one', { isDraining: true }, false],
    ['not one that drains by its own word', { metadata: { drainStatus: 'drained' } }, false],
    ['not a full one', { activeSessions: 4 }, false],
    ['not one that says it is not ready', { metadata: { ready: false } }, false],
    ['one that says it is ready', { metadata: { ready: true } }, true],
  ])('%s', (_rule, change, expected) => {
    expect(isSchedulable(worker('w', change), clocked)).toBe(expected);
  });
});

describe('drain status', () => {
  it('is serving, draining while sessions run, then drained', () => {
    expect(drainStatus(worker('w', { activeSessions: 1 }))).toBe('serving');
    expect(drainStatus(worker('w', { isDraining: true, activeSessions: 1 }))).toBe('draining');
    expect(drainStatus(worker('w', { isDraining: true, dispatched: 1 }))).toBe('draining');
    expect(drainStatus(worker('w', { isDraining: true }))).toBe('drained');
    expect(drainStatus(worker('w', { metadata: { drainStatus: 'draining' } })), 'told there').toBe('draining');
    expect(drainStatus(worker('w', { metadata: { drainStatus: 'nonsense' } }))).toBe('serving');
  });
});
