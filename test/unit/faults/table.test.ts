import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Row, report } from '../../faults/table.ts';

const held = { same: true, seen: true, one: true, clean: true, told: true } as const;
const good: Row = { fault: 'a part killed', provoked: true, held, backMs: 900, goalMs: 1_000 };

beforeEach(() => void vi.spyOn(console, 'log').mockImplementation(() => undefined));
afterEach(() => vi.restoreAllMocks());

test('passes when every fault was provoked and everything held in time', () => {
  expect(report([good, good])).toBe(0);
});

test.each<[string, Row]>([
  ['one thing is broken', { ...good, held: { ...held, same: 'student 1 moved' } }],
  ['something is left over', { ...good, held: { ...held, clean: 'container x unknown' } }],
  ['it came back too late', { ...good, backMs: 1_001 }],
  ['it never came back', { fault: 'x', provoked: true, goalMs: 1_000, backMs: Number.POSITIVE_INFINITY }],
  ['it was not provoked after all', { ...good, provoked: 'the call never came to this point' }],
])('fails when %s', (_words, row) => {
  expect(report([good, row])).toBe(1);
});

test('fails when nothing was provoked', () => {
  expect(report([])).toBe(1);
});
