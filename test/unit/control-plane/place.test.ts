import { describe, expect, it } from 'vitest';
import { place, type Situation } from '../../../src/control-plane/place.ts';
import { ago, clocked, dispatch, worker } from './fleet.ts';

const fleet = [worker('a', { activeSessions: 1 }), worker('b'), worker('c', { activeSessions: 2 })];

function placed(change: Partial<Situation>): string {
  const placement = place({
    ...clocked,
    workers: fleet,
    existing: undefined,
    affinity: undefined,
    tried: [],
    ...change,
  });
  switch (placement.kind) {
    case 'stay':
      return `stay ${placement.dispatch.workerCode}`;
    case 'seat':
      return `seat ${placement.workerCode}${placement.moved ? ' moved' : ''}`;
    case 'wait':
      return `wait ${placement.workerCode}`;
    case 'full':
      return 'full';
  }
}
const stuckTo = (workerCode: string, expiresAt = ago(-10)) => ({ examId: 7, workerCode, expiresAt });

describe('a new student', () => {
  it('goes where most slots are free', () => expect(placed({})).toBe('seat b'));
  it('goes by code among equals', () => expect(placed({ workers: [worker('y'), worker('x')] })).toBe('seat x'));
  it('goes to the worker that the exam started on', () => expect(placed({ affinity: stuckTo('c') })).toBe('seat c'));
  it('does not go there once the stickiness is over', () =>
    expect(placed({ affinity: stuckTo('c', clocked.now) })).toBe('seat b'));
  it('goes elsewhere when that worker is full', () => {
    const workers = [worker('a'), worker('c', { activeSessions: 4 })];
    expect(placed({ workers, affinity: stuckTo('c') })).toBe('seat a');
  });
  it('is not sent again to a worker that has just failed', () => expect(placed({ tried: ['b'] })).toBe('seat a'));
  it('is told so when nothing is free', () => expect(placed({ tried: ['a', 'b', 'c'] })).toBe('full'));
});

describe('a student who has a desktop', () => {
  const existing = dispatch('a');
  it('stays, wherever there is more room', () => expect(placed({ existing })).toBe('stay a'));
  it('stays on a full worker: the slot is theirs', () =>
    expect(placed({ existing, workers: [worker('a', { activeSessions: 4 })] })).toBe('stay a'));
  it('stays on a draining worker', () =>
    expect(placed({ existing, workers: [worker('a', { isDraining: true })] })).toBe('stay a'));
  it('is first looked for on a worker that seems gone', () =>
    expect(placed({ existing, workers: [worker('a', { lastHeartbeatAt: ago(500) }), worker('b')] })).toBe('stay a'));
  it('waits when their living worker fails: their work is there', () =>
    expect(placed({ existing, tried: ['a'] })).toBe('wait a'));
  it('moves when their worker fails and has been silent too long', () => {
    const workers = [worker('a', { lastHeartbeatAt: ago(500) }), worker('b')];
    expect(placed({ existing, tried: ['a'], workers })).toBe('seat b moved');
  });
  it('moves when their worker fails and an admin has disabled it', () => {
    const workers = [worker('a', { isEnabled: false }), worker('b')];
    expect(placed({ existing, tried: ['a'], workers })).toBe('seat b moved');
    expect(placed({ existing, workers }), 'but it is asked first').toBe('stay a');
  });
  it('moves when their worker is no longer known', () =>
    expect(placed({ existing: dispatch('gone'), tried: ['gone'] })).toBe('seat b moved'));
  it('goes back to the same desktop when it was about to be released', () =>
    expect(placed({ existing: dispatch('a', { state: 'releasing' }) })).toBe('stay a'));
});

describe('a student whose reservation led to no desktop yet', () => {
  const existing = dispatch('a', { state: 'allocating', ip: null, containerId: null });
  it('is asked for there first', () => expect(placed({ existing })).toBe('stay a'));
  it('goes on to the next worker when that one fails', () => expect(placed({ existing, tried: ['a'] })).toBe('seat b'));
});
