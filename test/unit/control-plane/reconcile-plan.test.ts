import { describe, expect, it } from 'vitest';
import { type Observation, type Picture, reconcilePlan, seatKey } from '../../../src/control-plane/reconcile-plan.ts';
import { ago, clocked, dispatch, worker } from './fleet.ts';

const HOURS_7 = 7 * 3600;
const old = { lastJoinedAt: ago(HOURS_7) };

function steps(change: Partial<Picture>): string[] {
  const plan = reconcilePlan({
    ...clocked,
    dispatches: [],
    workers: [worker('a', { activeSessions: 1 })],
    observed: new Map(),
    affinities: [],
    staleAfterSec: 21_600,
    reservationTtlSec: 120,
    ...change,
  });
  return plan.map((step) => ('why' in step ? `${step.kind} ${step.why}` : step.kind));
}
const says = (seats: string[], activeSessions = 1): ReadonlyMap<string, Observation> =>
  new Map([['a', { kind: 'answered', seats: new Set(seats), activeSessions }]]);
const silent = worker('a', { lastHeartbeatAt: ago(HOURS_7) });
const theirs = seatKey({ userId: 42, examId: 7 });

describe('a dispatch', () => {
  it('stays while it is young, even if its worker has no session: the student may come back', () =>
    expect(steps({ dispatches: [dispatch('a')], observed: says([]) })).toEqual([]));
  it('goes when it is old and its worker has no such session', () =>
    expect(steps({ dispatches: [dispatch('a', old)], observed: says([]) })).toEqual(['drop stale']));
  it('stays however old while its worker has the session', () =>
    expect(steps({ dispatches: [dispatch('a', old)], observed: says([theirs]) })).toEqual([]));
  it('stays when its worker beats and has sessions, but does not say whose', () =>
    expect(steps({ dispatches: [dispatch('a', old)] })).toEqual([]));
  it('goes when it is old and its worker is silent for good', () => {
    const workers = [worker('a', { activeSessions: 1, lastHeartbeatAt: ago(HOURS_7) })];
    expect(steps({ dispatches: [dispatch('a', old)], workers })).toEqual(['drop stale']);
  });
  it('is malformed when its worker is not known', () =>
    expect(steps({ dispatches: [dispatch('gone')] })).toEqual(['drop malformed']));
  it('is malformed when it is active without a desktop', () =>
    expect(steps({ dispatches: [dispatch('a', { ip: null })] })).toEqual(['drop malformed']));
  it('is released when its reservation outlived every join: the worker may have made a desktop for it', () => {
    const reservation = (age: number) => [dispatch('a', { state: 'allocating', ip: null, lastJoinedAt: ago(age) })];
    expect(steps({ dispatches: reservation(119) })).toEqual([]);
    expect(steps({ dispatches: reservation(121) })).toEqual(['release join_died']);
    expect(steps({ dispatches: reservation(121), workers: [silent] })).toEqual(['drop malformed']);
  });
  it('is not released where its student sat before: his work may be there', () => {
    const back = { state: 'allocating', ip: null, lastJoinedAt: ago(121), movedFrom: 'a' } as const;
    expect(steps({ dispatches: [dispatch('a', back)] })).toEqual(['drop malformed']);
  });
  it('is released when the student has handed in', () =>
    expect(steps({ dispatches: [dispatch('a', { state: 'releasing' })] })).toEqual(['release handed_in']));
  it('of a student who handed in goes when its worker never came back', () => {
    const handedIn = (change: object) => [dispatch('a', { state: 'releasing', ...change })];
    expect(steps({ dispatches: handedIn({}), workers: [silent] })).toEqual(['release handed_in']);
    expect(steps({ dispatches: handedIn(old), workers: [silent] })).toEqual(['drop stale']);
    expect(steps({ dispatches: handedIn(old) })).toEqual(['release handed_in']);
  });
});

it('a counter that differs from what the worker says is mended', () => {
  expect(steps({ observed: says([], 3) })).toEqual(['fixCounter']);
  expect(steps({ observed: says([], 1) })).toEqual([]);
});

describe('an exam’s worker', () => {
  const affinity = { examId: 7, workerCode: 'a', expiresAt: ago(-60) };
  it.each([
    ['stays while it serves', {}, []],
    ['stays while it drains: it comes back', { isDraining: true }, []],
    ['goes when it is silent', { lastHeartbeatAt: ago(121) }, ['dropAffinity']],
    ['goes when it is disabled', { isEnabled: false }, ['dropAffinity']],
  ])('%s', (_rule, change, expected) => {
    expect(steps({ workers: [worker('a', change)], affinities: [affinity] })).toEqual(expected);
  });
  it('goes when its time is over', () =>
    expect(steps({ affinities: [{ ...affinity, expiresAt: clocked.now }] })).toEqual(['dropAffinity']));
});
