import { expect, it } from 'vitest';
import { spread } from '../../../src/control-plane/spread.ts';
import { clocked, worker } from './fleet.ts';

function shares(count: number, ...workers: ReturnType<typeof worker>[]): Record<string, number> {
  return Object.fromEntries(spread(workers, count, clocked).map((share) => [share.worker.code, share.count]));
}

it('gives to whoever has most room left, one at a time', () => {
  expect(shares(3, worker('a'), worker('b', { activeSessions: 2 }))).toEqual({ a: 3 });
  expect(shares(4, worker('a'), worker('b', { activeSessions: 2 }))).toEqual({ a: 3, b: 1 });
});
it('shares evenly among equals', () => expect(shares(5, worker('b'), worker('a'))).toEqual({ a: 3, b: 2 }));
it('never gives more than the free slots', () => expect(shares(99, worker('a'), worker('b'))).toEqual({ a: 4, b: 4 }));
it('leaves out who cannot take students', () => {
  expect(shares(2, worker('a', { isDraining: true }), worker('b', { metadata: { ready: false } }))).toEqual({});
});
