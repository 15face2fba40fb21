import { expect, test } from 'vitest';
import { collected } from '../../rig/collected.ts';

const MB = 2 ** 20;

/** Makes so much and keeps nothing of it. */
function waste(make: () => unknown, times: number): void {
  const lately: unknown[] = [];
  for (let at = 0; at < times; at++) lately[at % 50] = make();
}

test('buffers that nobody has any more do not count', () => {
  const before = collected().arrayBuffers;
  for (let round = 0; round < 5; round++) {
    waste(() => Buffer.allocUnsafeSlow(64 * 1024), 400);
    expect(collected().arrayBuffers - before).toBeLessThan(MB);
  }
});

test('what is kept counts', () => {
  const before = collected();
  const objects = Array.from({ length: 20_000 }, (_, at) => ({ at, name: [at] }));
  const buffers = Array.from({ length: 32 }, () => Buffer.allocUnsafeSlow(64 * 1024));
  const after = collected();
  expect(after.heapUsed - after.compiled - before.heapUsed + before.compiled).toBeGreaterThan(MB);
  expect(after.arrayBuffers - before.arrayBuffers).toBeGreaterThanOrEqual(2 * MB);
  expect(objects.length + buffers.length).toBe(20_032);
});

test('compiled code is told apart', () => {
  const before = collected().compiled;
  const made = Array.from(
    { length: 400 },
    (_, at) => new Function('a', `let sum = ${at}; ${'sum += a;'.repeat(300)} return sum`),
  );
  expect(made.reduce((sum, one) => sum + Number(one(1)), 0)).toBe(400 * 300 + (399 * 400) / 2);
  expect(collected().compiled - before).toBeGreaterThan(MB);
});
