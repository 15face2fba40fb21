import { describe, expect, test } from 'vitest';
import { type Expected, judge } from '../../../src/desktop/proof.ts';
import { masterName, proofKey, proofMaster } from '../../../src/desktop/proof-key.ts';
import { GATEWAY_BLOCKED, GATEWAY_OPEN, keyOf, signed } from './signed.ts';

const AT = Date.parse('2026-11-23T14:00:00Z');
const EXPECTED: Expected = { desktopId: 'ab12', keys: [keyOf('ab12')], strict: true, lastSeq: 0 };
const SITE = { try: 'site', want: 'hoped', got: 'open', ms: 9 };

const judged = (change: object = {}, expected: Partial<Expected> = {}) =>
  judge(signed('ab12', AT, change), { ...EXPECTED, ...expected });

test('a record that is signed, new, of this desktop and without a leak is good', () => {
  expect(judged()).toMatchObject({ kind: 'good', record: { desktop: 'ab12', lock: 'on' } });
});

test('a record signed with the key of the previous cluster token is good while that is still known', () => {
  const keys = [proofKey(proofMaster('a newer one'), 'ab12'), keyOf('ab12')];
  expect(judged({}, { keys })).toMatchObject({ kind: 'good' });
});

describe('a record is bad', () => {
  test.each<[string, object, Partial<Expected>, string]>([
    [
      'when something forbidden got through',
      { results: [{ ...GATEWAY_OPEN, got: 'open' }] },
      {},
      'gateway got through',
    ],
    ['when something forbidden left and nobody answered', { results: [GATEWAY_OPEN] }, {}, 'gateway left the desktop'],
    [
      'when a part of its own does not work',
      { results: [GATEWAY_BLOCKED, { try: 'gate', want: 'open', got: 'blocked', ms: 1 }] },
      {},
      'gate does not work',
    ],
    ['when the probe was killed', { ok: false, results: [] }, {}, 'the probe gave no answer'],
    ['when only the exam site was tried', { results: [SITE] }, {}, 'the probe gave no answer'],
    ['when it says so itself', { ok: false }, {}, 'it says so itself'],
    ['without a firewall in strict mode', { lock: 'off', results: [SITE] }, {}, 'no firewall'],
    ['of another desktop', { desktop: 'cd34' }, {}, 'another desktop (cd34)'],
    ['played back', { seq: 41 }, { lastSeq: 41 }, 'played back (number 41)'],
    ['of another form', { results: 'none' }, {}, 'cannot be read'],
    ['of another version', { v: 2 }, {}, 'cannot be read'],
    ['without a time', { at: 'noon' }, {}, 'cannot be read'],
    ['signed with another desktop’s key', {}, { keys: [keyOf('cd34')] }, 'wrong signature'],
    ['signed under another cluster token', {}, { keys: [proofKey(proofMaster('another'), 'ab12')] }, 'wrong signature'],
  ])('%s', (_what, change, expected, reason) => {
    expect(judged(change, expected)).toMatchObject({ kind: 'bad', reason: expect.stringContaining(reason) });
  });

  test.each(['', 'zz', 'AB'.repeat(32), 'ab'.repeat(31), 'ab'.repeat(33)])('with the signature %j', (signature) => {
    expect(judge({ ...signed('ab12', AT), signature }, EXPECTED)).toMatchObject({ kind: 'bad' });
  });

  test('when a byte of it was changed after the signing', () => {
    const record = signed('ab12', AT, { results: [GATEWAY_OPEN], ok: false });
    const better = signed('ab12', AT);
    expect(judge({ ...better, signature: record.signature }, EXPECTED)).toMatchObject({ kind: 'bad' });
  });
});

test('a record that was told long after its own time, or before it, proves nothing', () => {
  for (const late of [3_600_000, 31_000, -31_000])
    expect(judge({ ...signed('ab12', AT), heardAt: AT + late }, EXPECTED)).toMatchObject({ kind: 'old' });
  expect(judge({ ...signed('ab12', AT), heardAt: AT + 8_000 }, EXPECTED)).toMatchObject({ kind: 'good' });
});

test('an exam site that does not answer is noted and no fault of the desktop', () => {
  const results = [{ ...SITE, got: 'silent' }, GATEWAY_BLOCKED];
  expect(judged({ results })).toMatchObject({ kind: 'good', note: expect.stringContaining('exam site') });
});

test('without a firewall is good enough only where strict mode is off', () => {
  expect(judged({ lock: 'off', results: [SITE] }, { strict: false })).toMatchObject({ kind: 'good' });
});

test('every desktop has a key of its own, the same each time, and the master’s name does not give it away', () => {
  const master = proofMaster('a-cluster-token');
  expect(proofKey(master, 'ab12')).toEqual(keyOf('ab12'));
  expect(keyOf('ab12')).not.toEqual(keyOf('cd34'));
  expect(masterName(master)).not.toEqual(masterName(proofMaster('another')));
  expect(master.toString('hex')).not.toContain(masterName(master));
});
