import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Job, Lane } from '../../../src/pool/lane.ts';
import { VirtualTime } from './virtual-time.ts';

const CREATE_MS = 500;
let time: VirtualTime;
let begun: string[];
let dropped: string[];
let creating: number;
let most: number;
let atOnce: number;
let unwanted: Set<string>;
let lane: Lane;

beforeEach(() => {
  time = new VirtualTime();
  time.install();
  begun = [];
  dropped = [];
  creating = 0;
  most = 0;
  atOnce = 100;
  unwanted = new Set();
  lane = new Lane({ width: 4, clock: () => time.now, comingUp: () => 0, pace: () => ({ atOnce }) });
});
afterEach(() => vi.unstubAllGlobals());

function job(name: string, whose: Job['for'] = 'pool'): Job {
  return {
    id: name,
    examId: Number(name[0]),
    for: whose,
    isWanted: () => !unwanted.has(name),
    drop: () => void dropped.push(name),
    act: async () => {
      begun.push(name);
      most = Math.max(most, ++creating);
      await time.sleep(CREATE_MS);
      creating--;
    },
  };
}

test('a pool fills at the width, with one place kept free, and all get their turn', async () => {
  for (let index = 0; index < 10; index++) lane.add(job(`7-${index}`));
  expect(begun).toHaveLength(3);
  await time.advance(5_000);
  expect([begun.length, most, lane.held]).toEqual([10, 3, 0]);
});

test('a student’s begins at once while a pool is being filled, and before all that wait', async () => {
  for (let index = 0; index < 10; index++) lane.add(job(`7-${index}`));
  lane.add(job('8-student', 'student'));
  expect(begun.at(-1)).toBe('8-student');
  lane.add(job('8-second', 'student'));
  await time.advance(CREATE_MS);
  expect(begun[4]).toBe('8-second');
});

test('two pools fill side by side: the second does not wait for all of the first', async () => {
  for (let index = 0; index < 6; index++) lane.add(job(`7-${index}`));
  for (let index = 0; index < 3; index++) lane.add(job(`8-${index}`));
  await time.advance(10 * CREATE_MS);
  expect(begun.map((name) => name[0]).join('')).toBe('777878787');
});

test('held by the pace it begins again by itself when the pace allows', async () => {
  atOnce = 0;
  lane.add(job('7-0'));
  await time.advance(3_000);
  expect([begun, lane.held]).toEqual([[], 1]);
  atOnce = 1;
  await time.advance(300);
  expect(begun).toEqual(['7-0']);
});

test('a student who waits for an exam makes that exam’s held ones go first, as many as wait', async () => {
  atOnce = 0;
  for (const name of ['7-0', '8-0', '8-1']) lane.add(job(name));
  lane.hurry(8, 1);
  await time.advance(1_000);
  expect([begun, lane.held]).toEqual([['8-0'], 2]);
  lane.hurry(8, 0);
  expect(lane.held).toBe(2);
});

test('the newest held one gives way to a student’s slot; a begun one and a student’s do not', async () => {
  atOnce = 0;
  lane.add(job('7-0'));
  lane.add(job('7-1'));
  lane.add(job('9-0', 'student'));
  expect([lane.giveWay(), dropped]).toEqual([true, ['7-1']]);
  expect([lane.giveWay(), lane.giveWay(), lane.held]).toEqual([true, false, 0]);
});

test('what nobody wants any more when its turn comes is dropped, not made', async () => {
  atOnce = 0;
  lane.add(job('7-0'));
  lane.add(job('7-1'));
  unwanted.add('7-0');
  atOnce = 5;
  await time.advance(300);
  expect([begun, dropped]).toEqual([['7-1'], ['7-0']]);
});

test('closed it begins nothing more, and drops what waits and what still comes', async () => {
  atOnce = 1;
  lane.add(job('7-0'));
  lane.add(job('7-1'));
  lane.close();
  lane.add(job('9-0', 'student'));
  await time.advance(60_000);
  expect([begun, dropped]).toEqual([['7-0'], ['7-1', '9-0']]);
});
