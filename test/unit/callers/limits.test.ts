import { describe, expect, test } from 'vitest';
import { Buckets } from '../../../src/callers/buckets.ts';
import { deadlineMs, requestIdOf } from '../../../src/callers/call-headers.ts';
import { requestFields, withRequestId } from '../../../src/callers/request-context.ts';
import { whichSecret } from '../../../src/callers/same-secret.ts';

describe('a bucket', () => {
  test('gives its burst at once, then what comes back, and says how long until the next', () => {
    let now = 0;
    const buckets = new Buckets({ burst: 3, perSec: 2 }, () => now);
    expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 500]);
    now = 250;
    expect(buckets.take('a')).toBe(250);
    now = 500;
    expect([buckets.take('a'), buckets.take('a')]).toEqual([0, 500]);
    now = 60_000;
    expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 500]);
  });

  test('is one address’s alone', () => {
    const buckets = new Buckets({ burst: 1, perSec: 1 }, () => 0);
    expect([buckets.take('a'), buckets.take('a'), buckets.take('b')]).toEqual([0, 1000, 0]);
  });

  test('of a thousand addresses after ten thousand are no more than ten thousand', () => {
    const buckets = new Buckets({ burst: 1, perSec: 1 }, () => 0);
    buckets.take('first');
    for (let number = 0; number < 10_000; number++) buckets.take(`a${number}`);
    // Forgotten is full again; the ones that called since are not.
    expect([buckets.take('first'), buckets.take('a9999')]).toEqual([0, 1000]);
  });
});

test.each([
  [undefined, 15_000],
  ['5000', 5000],
  ['15000', 15_000],
  ['60000', 15_000],
  ['1', 100],
  ['0', 100],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['5s', undefined],
  ['1e3', undefined],
  ['9999999999', undefined],
])('who says he waits %j is answered within %j ms', (header, ms) => {
  expect(deadlineMs(header, 15_000)).toBe(ms);
});

test.each(['a', 'join-42.7', '0190a0e4-7b6a-7cc1-b1a5-6f1b8d1c2a3b', 'x'.repeat(128), 'a/b:c=d+e@f'])(
  'the request id %j is passed through',
  (id) => expect(requestIdOf(id)).toBe(id),
);

test.each([undefined, '', ' ', 'two words', 'a\nb', '"quoted"', '<b>', 'é', 'x'.repeat(129)])(
  'for the request id %j there is one of our own',
  (id) => expect(requestIdOf(id)).toMatch(/^[0-9a-f-]{36}$/),
);

test('what comes of a request, however late, knows its id; what comes of another knows that one’s', async () => {
  const later = async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return requestFields();
  };
  const both = await Promise.all([withRequestId('one', later), withRequestId('two', later)]);
  expect(both).toEqual([{ requestId: 'one' }, { requestId: 'two' }]);
  expect(requestFields()).toEqual({});
});

test('which of two secrets it is', () => {
  expect(['new', 'old', 'ne', 'newer', ''].map((given) => whichSecret(given, ['new', 'old']))).toEqual([
    0,
    1,
    undefined,
    undefined,
    undefined,
  ]);
});
