import { describe, expect, test } from 'vitest';
import { type PaceFacts, refillPace } from '../../../src/desktop/refill-pace.ts';
import { forSeeds } from '../../seeded.ts';

const NOW = 1_800_000_000_000;
const LONG_AGO = NOW - 3_600_000;
const pace = (odd: Partial<PaceFacts> & { cores?: number; stalled?: number | undefined; perCore?: number } = {}) => {
  const { cores = 8, perCore = 0, ...facts } = odd;
  const stalled = 'stalled' in odd ? odd.stalled : 0;
  const load = { cores, stalled, perCore };
  return refillPace({ now: NOW, students: 4, waiting: 0, lastJoinAt: LONG_AGO, heldSince: NOW, load, ...facts });
};

describe('the pace of filling pools', () => {
  test.each<[string, Parameters<typeof pace>[0], ReturnType<typeof pace>]>([
    ['nobody here: the engine’s own', { students: 0 }, { atOnce: 48 }],
    ['nobody here and busy with nothing but us', { students: 0, stalled: 1 }, { atOnce: 48 }],
    ['students at work: half the cores are theirs', {}, { atOnce: 4, slowed: 'students-at-work' }],
    ['on one core it goes on too', { cores: 1 }, { atOnce: 1, slowed: 'students-at-work' }],
    ['students at work and cores short', { stalled: 0.7 }, { atOnce: 1, slowed: 'host-busy' }],
    [
      'a kernel that does not count stalls: by load',
      { stalled: undefined, perCore: 2 },
      { atOnce: 1, slowed: 'host-busy' },
    ],
    ['and by little load', { stalled: undefined, perCore: 1 }, { atOnce: 4, slowed: 'students-at-work' }],
    ['one joined this moment', { lastJoinAt: NOW }, { atOnce: 0, slowed: 'students-joining' }],
    ['one joined a moment ago, more will', { lastJoinAt: NOW - 3_000 }, { atOnce: 1, slowed: 'students-joining' }],
    ['the rush is over', { lastJoinAt: NOW - 11_000 }, { atOnce: 4, slowed: 'students-at-work' }],
    ['one waits for his own', { waiting: 1 }, { atOnce: 0, slowed: 'student-waiting' }],
    ['but not for ever', { waiting: 1, heldSince: NOW - 10_000 }, { atOnce: 1, slowed: 'student-waiting' }],
    [
      'nor for joins without end',
      { lastJoinAt: NOW, heldSince: NOW - 10_000 },
      { atOnce: 1, slowed: 'students-joining' },
    ],
  ])('%s', (_rule, odd, expected) => expect(pace(odd)).toEqual(expected));

  test('a clock that was set back two hours stops nothing', () => {
    const ahead = NOW + 7_200_000;
    expect(pace({ students: 3, lastJoinAt: ahead, heldSince: ahead }).atOnce).toBeGreaterThan(0);
  });

  test('laws: whoever has waited ten seconds may begin; students never make it faster; what is slowed says why', () =>
    forSeeds(2_000, (random) => {
      const facts = {
        students: random.whole(0, 5),
        waiting: random.pick([0, 0, 1]),
        lastJoinAt: NOW - random.whole(0, 20_000),
        heldSince: NOW - random.whole(0, 20_000),
        cores: random.whole(1, 32),
        stalled: random.next(),
      };
      const told = pace(facts);
      if (NOW - facts.heldSince >= 10_000) expect(told.atOnce).toBeGreaterThan(0);
      expect(told.atOnce).toBeLessThanOrEqual(pace({ cores: facts.cores, students: 0 }).atOnce);
      expect(told.slowed !== undefined).toBe(
        facts.students > 0 || facts.waiting > 0 || NOW - facts.lastJoinAt < 10_000,
      );
    }));
});
