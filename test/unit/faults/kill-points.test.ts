import { expect, test } from 'vitest';
import { killPoints } from '../../faults/kill-points.ts';
import { forSeeds, Seeded } from '../../seeded.ts';

const names = (seed: number): string[] => killPoints(new Seeded(seed)).map(({ name }) => name);

test('twenty different moments, some inside each call, whatever the seed', async () => {
  await forSeeds(200, (random) => {
    const picked = killPoints(random).map(({ name }) => name);
    expect(new Set(picked).size).toBe(20);
    for (const call of ['allocate,', 'allocate without a pool,', 'release,', 'prewarm,', 'reconcile,'])
      expect(picked.filter((name) => name.includes(`in ${call}`)).length).toBeGreaterThanOrEqual(3);
  });
});

test('a seed names the same moments again, another seed others', () => {
  expect(names(7)).toEqual(names(7));
  expect(names(7)).not.toEqual(names(8));
});
