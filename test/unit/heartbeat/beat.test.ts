import { describe, expect, test } from 'vitest';
import { type Backend, type BackendStatus, type Beat, beat, shownOf } from '../../../src/heartbeat/beat.ts';
import { SETTINGS } from './settings.ts';

const LEFT = { memoryMb: 9000, diskMb: 50_000 };
const told = (backend: Backend, aheadMs: number | undefined = 250): Beat =>
  beat(SETTINGS, { backend, left: LEFT, aheadMs });
const STATUS: BackendStatus = {
  ready: true,
  reasons: [],
  degraded: ['database: away'],
  version: '0.1.0',
  imageId: 'sha256:abc',
  lastFailure: 'did not become ready in time',
  activeSessions: 3,
  drainStatus: 'draining',
  maxSessions: 4,
  pools: [{ examId: 7 }],
  desktops: [
    { examId: 7, userId: 42, connected: true, watchers: 1, recorded: false },
    { examId: 7, userId: null, connected: false, watchers: 0, recorded: false },
  ],
};

describe('the beat', () => {
  test('is the contract’s section 2, field by field', () => {
    expect(told({ kind: 'up', status: STATUS })).toEqual({
      code: 'worker-02',
      name: 'Worker 02',
      apiBaseUrl: 'http://203.0.113.20:3000',
      totalCpuCores: 8,
      totalMemoryMb: 12_288,
      reservedCpuCores: 1,
      reservedMemoryMb: 1024,
      vmCpuCores: 1.5,
      vmMemoryMb: 2048,
      activeSessions: 3,
      metadata: {
        version: '0.1.0',
        imageId: 'sha256:abc',
        lastError: 'did not become ready in time',
        backend: 'up',
        calls: 'token',
        ready: true,
        reasons: [],
        degraded: ['database: away'],
        drainStatus: 'draining',
        publicPort: 3000,
        tunnelUrl: null,
        pools: [{ examId: 7 }],
        sessions: [{ examId: 7, userId: 42, connected: true, watchers: 1, recorded: false }],
        host: { memoryMb: 9000, diskMb: 50_000 },
        clockAheadMs: 250,
      },
    });
  });

  test('with the backend down tells so, why, and the last known count: zero would give its slots away', () => {
    const down = told({ kind: 'down', why: 'does not answer in time', last: STATUS });
    expect(down.activeSessions).toBe(3);
    expect(down.metadata).toMatchObject({
      backend: 'down',
      ready: false,
      reasons: ['worker_backend: does not answer in time'],
      sessions: null,
    });
  });

  test('with a backend never seen counts none and is not ready', () => {
    const down = told({ kind: 'down', why: 'cannot be reached', last: undefined });
    expect([down.activeSessions, down.metadata.ready, down.metadata.version]).toEqual([0, false, null]);
  });

  test('with a backend that is up and not ready says its reasons', () => {
    const down = told({ kind: 'up', status: { ...STATUS, ready: false, reasons: ['redis: away'] } });
    expect(down.metadata).toMatchObject({ backend: 'up', ready: false, reasons: ['redis: away'] });
  });

  test('says so when the clocks are further apart than logins allow, and in which direction', () => {
    const degraded = (aheadMs: number | undefined) => told({ kind: 'up', status: STATUS }, aheadMs).metadata.degraded;
    const own = STATUS.degraded;
    expect([degraded(undefined), degraded(29_000), degraded(-29_000)]).toEqual([own, own, own]);
    expect(degraded(120_000)).toContainEqual(expect.stringContaining('120 s behind the control-plane'));
    expect(degraded(-31_000)).toContainEqual(expect.stringContaining('31 s ahead of the control-plane'));
  });

  test('is worth an early one for what admins see, not for figures that are never the same twice', () => {
    const shown = (left: object, aheadMs: number, activeSessions = 3) =>
      shownOf(beat(SETTINGS, { backend: { kind: 'up', status: { ...STATUS, activeSessions } }, left, aheadMs }));
    expect(shown({ memoryMb: 1, diskMb: 2 }, 5)).toEqual(shown({ memoryMb: 3, diskMb: 4 }, 600));
    expect(shown({}, 5, 4)).not.toEqual(shown({}, 5, 3));
  });
});
