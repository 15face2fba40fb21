import { expect, test } from 'vitest';
import { decodeLabels, encodeLabels, workerFilter } from '../../../src/desktop/labels.ts';
import { examOf, parseName, poolName, seatName } from '../../../src/desktop/names.ts';
import { POOL_PATTERN, poolKey, SESSION_PATTERN, sessionKey } from '../../../src/redis/keys.ts';

test('names are those that the contract’s section 5 gives', () => {
  expect(poolName(7, 'ab12')).toBe('exam_7_pool_ab12');
  expect(seatName({ examId: 7, userId: 42 })).toBe('exam_7_u42');
});

test.each([1, 7, 4242, Number.MAX_SAFE_INTEGER])('a name of exam %i reads back as what it was made of', (examId) => {
  const seat = { examId, userId: examId };
  expect(parseName(seatName(seat))).toEqual({ kind: 'seat', seat });
  const place = parseName(poolName(examId, '0af9'));
  expect(place).toEqual({ kind: 'pool', examId, id: '0af9' });
  expect(place && examOf(place)).toBe(examId);
});

test.each([
  ['no prefix', 'sam_7_u42'],
  ['a slash, as the engine lists it', '/exam_7_u42'],
  ['no student', 'exam_7_u'],
  ['student zero', 'exam_7_u0'],
  ['a leading zero, or two names would mean one student', 'exam_07_u42'],
  ['a negative exam', 'exam_-7_u42'],
  ['no pool id', 'exam_7_pool_'],
  ['capitals in the pool id', 'exam_7_pool_AB'],
  ['more after it', 'exam_7_u42_old'],
  ['a line break after it', 'exam_7_u42\n'],
  ['nothing', ''],
])('a name with %s is none of ours', (_why, name) => {
  expect(parseName(name)).toBeUndefined();
});

const labels = { worker: 'w1', examId: 7, desktopId: 'ab12', imageId: 'sha256:one', template: '0123' };

test('labels read back as what they were made of', () => {
  expect(decodeLabels(encodeLabels(labels))).toEqual(labels);
});

test.each(Object.keys(encodeLabels(labels)))('a container without the label %s is not taken for ours', (name) => {
  expect(decodeLabels({ ...encodeLabels(labels), [name]: undefined })).toBeUndefined();
  expect(decodeLabels({ ...encodeLabels(labels), [name]: '' })).toBeUndefined();
});

test.each(['0', '-1', '1.5', 'seven'])('exam %s in a label is no exam', (exam) => {
  expect(decodeLabels({ ...encodeLabels(labels), 'vdi.exam': exam })).toBeUndefined();
});

test('the filter asks for this worker’s desktops only', () => {
  const [name, value] = String(workerFilter('w1')[0]).split('=');
  expect(encodeLabels(labels)[String(name)]).toBe(value);
});

test('the cache’s keys are those that the control-plane’s tools read, and its patterns find them', () => {
  const seat = { examId: 7, userId: 42 };
  expect(sessionKey(seat)).toBe('vdi:session:exam:7:user:42');
  expect(poolKey(7)).toBe('vdi:pool:exam:7:available');
  const matches = (pattern: string, key: string) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(key);
  expect(matches(SESSION_PATTERN, sessionKey(seat))).toBe(true);
  expect(matches(POOL_PATTERN, poolKey(7))).toBe(true);
});
