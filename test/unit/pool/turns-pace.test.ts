import { setImmediate as breath } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Pace } from '../../../src/pool/pace.ts';
import { Turns } from '../../../src/pool/turns.ts';

test('turns of one key come one at a time, in the order of asking', async () => {
  const turns = new Turns();
  const diary: string[] = [];
  await Promise.all(
    [3, 1, 2].map((slow, index) =>
      turns.with('k', async () => {
        diary.push(`begin ${index}`);
        for (let each = 0; each < slow; each++) await breath();
        diary.push(`end ${index}`);
      }),
    ),
  );
  expect(diary).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
});

test('turns of another key do not wait', async () => {
  const turns = new Turns();
  void turns.with('slow', () => new Promise(() => undefined));
  expect(await turns.with('other', async () => 'done')).toBe('done');
});

test('a turn that fails fails its asker only', async () => {
  const turns = new Turns();
  const failing = turns.with('k', () => Promise.reject(new Error('mine')));
  const next = turns.with('k', async () => 'fine');
  await expect(failing).rejects.toThrow('mine');
  expect(await next).toBe('fine');
});

test('a pace lets its width through at a time, all in the end, and a failure gives its place back', async () => {
  const pace = new Pace(3);
  let now = 0;
  let most = 0;
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      pace.with(async () => {
        most = Math.max(most, ++now);
        await breath();
        now--;
        if (index % 4 === 0) throw new Error('broken');
        return index;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(15);
  expect(await pace.with(async () => 'still open')).toBe('still open');
});
