import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { NOT_BACK, type Row, report } from '../../faults/table.ts';

const held = {
  same: true,
  seen: true,
  one: true,
  site: true,
  locked: true,
  kept: true,
  clean: true,
  told: true,
} as const;
const times = { usableMs: 700, backMs: 900, goals: { usableMs: 800, backMs: 1_000 } };
const good: Row = { fault: 'a part killed', provoked: true, held, ...times };

beforeEach(() => void vi.spyOn(console, 'log').mockImplementation(() => undefined));
afterEach(() => vi.restoreAllMocks());

test('passes when every fault was provoked and everything held in time', () => {
  expect(report([good, good])).toBe(0);
});

test.each<[string, Row]>([
  ['one thing is broken', { ...good, held: { ...held, same: 'student 1 moved' } }],
  ['something is left over', { ...good, held: { ...held, clean: 'container x unknown' } }],
  ['a desktop has no exam page', { ...good, held: { ...held, site: 'student 1 gets 000' } }],
  ['a desktop stands open', { ...good, held: { ...held, locked: 'x has 0 of 3 chains that drop' } }],
  ['files of who has handed in are gone', { ...good, held: { ...held, kept: 'student 2 has kept nothing' } }],
  ['students saw their desktops too late', { ...good, usableMs: 801 }],
  ['it came back too late', { ...good, backMs: 1_001 }],
  ['it never came back', { fault: 'x', provoked: true, ...NOT_BACK }],
  ['it was not provoked after all', { ...good, provoked: 'the call never came to this point' }],
])('fails when %s', (_words, row) => {
  expect(report([good, row])).toBe(1);
});

test('fails when nothing was provoked', () => {
  expect(report([])).toBe(1);
});
