import { expect, test } from 'vitest';
import { Due } from '../../../src/heartbeat/due.ts';

const INTERVAL = 20_000;

test('the first is due at once, the next an interval later at the latest, and never much before', () => {
  for (const random of [0, 0.5, 0.999]) {
    const due = new Due(INTERVAL, () => random);
    expect(due.isDue(0, false)).toBe(true);
    due.sent(0, true);
    expect(due.isDue(INTERVAL * 0.89, false)).toBe(false);
    expect(due.isDue(INTERVAL, false)).toBe(true);
  }
});

test('what admins see has changed: at once, unless the control-plane has just failed to take a beat', () => {
  const due = new Due(INTERVAL, () => 0);
  due.sent(0, true);
  expect(due.isDue(1, true)).toBe(true);
  due.sent(1, false);
  expect(due.isDue(2, true)).toBe(false);
});

test('after failures it tries soon, then ever later, and never later than an interval', () => {
  const due = new Due(INTERVAL, () => 0);
  const waits: number[] = [];
  for (let now = 0, sentAt = 0; waits.length < 8; now += 500) {
    if (!due.isDue(now, true)) continue;
    waits.push(now - sentAt);
    due.sent(now, false);
    sentAt = now;
  }
  expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 16_000, INTERVAL, INTERVAL]);
});

test('says how long there is until the next, so that nobody looks too late', () => {
  const due = new Due(INTERVAL, () => 0);
  expect(due.untilDue(0)).toBe(0);
  due.sent(0, true);
  expect([due.untilDue(5_000), due.untilDue(INTERVAL + 1)]).toEqual([15_000, 0]);
});

test('one accepted beat ends the back-off', () => {
  const due = new Due(INTERVAL, () => 0);
  for (let at = 0; at < 5; at++) due.sent(at, false);
  due.sent(100_000, true);
  due.sent(120_000, false);
  expect(due.isDue(121_000, false)).toBe(true);
});
