import { expect, test } from 'vitest';
import { courseOf } from '../../faults/soak-flat.ts';
import { Seeded } from '../../seeded.ts';

const LOOKS = 150;

/** A figure of 100 that differs by 3 from look to look, and grows by `rise` over the run. */
function figure(rise: number, noise = 1) {
  const random = new Seeded(5);
  const values = Array.from({ length: LOOKS }, (_, at) => 100 + random.whole(-3, 3) + (rise * at) / LOOKS);
  return courseOf({ name: 'memory', unit: 'MB', noise, share: 0.05, values });
}

test('a figure that only trembles is flat', () => {
  expect(figure(0).isFlat).toBe(true);
});

test('a figure that grows by a tenth is not flat, whatever it trembles', () => {
  const { isFlat, start, end } = figure(15);
  expect(isFlat).toBe(false);
  expect(end).toBeGreaterThan(start + 8);
});

test('a figure that falls is flat', () => {
  expect(figure(-30).isFlat).toBe(true);
});

test('a small figure may rise by its noise and no more', () => {
  const rising = (by: number) =>
    courseOf({
      name: 'handles',
      unit: '',
      noise: 4,
      share: 0.05,
      values: Array.from({ length: 100 }, (_, at) => 20 + (by * at) / 100),
    });
  expect(rising(4).isFlat).toBe(true);
  expect(rising(8).isFlat).toBe(false);
});

test('a figure without a share may rise by its noise only, however large it is', () => {
  const values = Array.from({ length: 100 }, (_, at) => 30 + (1.4 * at) / 100);
  const isFlat = (share: number) => courseOf({ name: 'objects', unit: 'MB', noise: 1, share, values }).isFlat;
  expect([isFlat(0), isFlat(0.05)]).toEqual([false, true]);
});

test('what a program takes while it warms up is not growth', () => {
  const values = Array.from({ length: 100 }, (_, at) => Math.min(at, 10));
  expect(courseOf({ name: 'memory', unit: 'MB', noise: 1, share: 0.05, values }).isFlat).toBe(true);
});

test('a run too short to tell says so', () => {
  expect(() => courseOf({ name: 'memory', unit: 'MB', noise: 1, share: 0.05, values: [1, 2, 3] })).toThrow(
    'let it run longer',
  );
});
