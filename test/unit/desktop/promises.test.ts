import { expect, test } from 'vitest';
import { PROMISE_MS, Promises } from '../../../src/desktop/promises.ts';
import { forSeeds } from '../../seeded.ts';

const NOW = Date.UTC(2026, 0, 1);
const seat = (userId: number, examId = 7) => ({ examId, userId });

test('who asked first is first, and asking again costs no place', () => {
  const promises = new Promises();
  promises.ask(seat(1), NOW);
  promises.ask(seat(2), NOW + 1_000);
  promises.ask(seat(1), NOW + 2_000);
  expect([1, 2, 3].map((userId) => promises.ahead(seat(userId), NOW + 3_000))).toEqual([0, 1, 2]);
  expect(promises.ahead(seat(9, 8), NOW + 3_000), 'another exam').toBe(0);
});

test('a promise ends a minute after the last call, and then his place is the last', () => {
  const promises = new Promises();
  promises.ask(seat(1), NOW);
  promises.ask(seat(2), NOW + 30_000);
  expect(promises.nextEndMs(7, NOW + 30_000)).toBe(PROMISE_MS - 30_000);
  expect(promises.ahead(seat(2), NOW + PROMISE_MS - 1)).toBe(1);
  expect(promises.ahead(seat(2), NOW + PROMISE_MS)).toBe(0);
  promises.ask(seat(1), NOW + PROMISE_MS);
  expect([promises.ahead(seat(1), NOW + PROMISE_MS), promises.count(7, NOW + PROMISE_MS)]).toEqual([1, 2]);
  expect(promises.counts(NOW + 10 * PROMISE_MS)).toEqual(new Map([[7, 0]]));
});

test('one that is being served counts for nobody, and is where he was when it fails', () => {
  const promises = new Promises();
  promises.ask(seat(1), NOW);
  promises.ask(seat(2), NOW);
  promises.serve(seat(1), true);
  expect([promises.ahead(seat(2), NOW), promises.count(7, NOW)]).toEqual([0, 1]);
  promises.serve(seat(1), false);
  expect([promises.ahead(seat(2), NOW), promises.count(7, NOW)]).toEqual([1, 2]);
});

test('a clock set back makes no promise of hours', () => {
  const promises = new Promises();
  promises.ask(seat(1), NOW);
  expect(promises.count(7, NOW - 7_200_000)).toBe(0);
});

test('in whatever order they ask, leave and are forgotten: places are 0, 1, 2 … in the order of asking', () =>
  forSeeds(300, (random) => {
    const promises = new Promises();
    let now = NOW;
    let order: { userId: number; until: number }[] = [];
    for (let step = 0; step < 60; step++) {
      now += random.pick([0, 1, 5_000, 40_000]);
      order = order.filter(({ until }) => now < until);
      const userId = random.whole(1, 8);
      const known = order.find((each) => each.userId === userId);
      if (random.chance(0.7)) {
        promises.ask(seat(userId), now);
        if (known) known.until = now + PROMISE_MS;
        else order.push({ userId, until: now + PROMISE_MS });
      } else {
        promises.end(seat(userId));
        order = order.filter((each) => each !== known);
      }
      expect(order.map((each) => promises.ahead(seat(each.userId), now))).toEqual(order.map((_, place) => place));
      expect(promises.count(7, now)).toBe(order.length);
      expect(promises.ahead(seat(99), now), 'a newcomer').toBe(order.length);
    }
  }));
