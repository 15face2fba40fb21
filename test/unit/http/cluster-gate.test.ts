import { BlockList } from 'node:net';
import { describe, expect, test } from 'vitest';
import { callKey, signedHeaders } from '../../../src/callers/call-signature.ts';
import type { CallHead, ClusterGate } from '../../../src/http/cluster-gate.ts';
import { refusalReply } from '../../../src/http/gate-refusals.ts';
import { openDoor } from './door.ts';

const [CURRENT, PREVIOUS] = ['the-token-of-the-cluster', 'the-token-before-it'];
const BODY = Buffer.from('{"userId":42,"examId":7}');
const UNSIGNED = { time: undefined, nonce: undefined, value: undefined };
const CALL: CallHead = {
  method: 'POST',
  path: '/api/vdi/cluster/allocate',
  address: '198.51.100.7',
  isInside: false,
  token: CURRENT,
  signature: UNSIGNED,
};

/** What becomes of a call: which token it knew, or why it was refused. */
async function come(gate: ClusterGate, change: Partial<CallHead> = {}, body = BODY) {
  const call = { ...CALL, ...change };
  const entered = await gate.enter(call);
  const verdict = entered.kind === 'read-on' ? gate.checkSignature(call, body) : entered;
  return verdict.kind === 'passed' ? verdict.token : verdict.why;
}

function signedAt(now: number, token = CURRENT, worker = 'worker-02'): CallHead['signature'] {
  const { method, path } = CALL;
  const headers = signedHeaders({ method, path, body: BODY, worker }, callKey(token), now);
  return { time: headers['x-signature-time'], nonce: headers['x-signature-nonce'], value: headers['x-signature'] };
}

const network = (...entries: string[]): BlockList => {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    if (bits) list.addSubnet(address, Number(bits), family);
    else list.addAddress(address, family);
  }
  return list;
};

describe('the token', () => {
  test.each<[string | undefined, number | string]>([
    [CURRENT, 0],
    [PREVIOUS, 1],
    [undefined, 'token-missing'],
    ['', 'token-wrong'],
    ['wrong', 'token-wrong'],
    [CURRENT.slice(1), 'token-wrong'],
    [`${CURRENT} `, 'token-wrong'],
  ])('%j while the token is being changed: %s', async (token, verdict) => {
    expect(await come(openDoor({ tokens: [CURRENT, PREVIOUS] }).gate, { token })).toBe(verdict);
  });

  test('before it is a wrong one when the change is over', async () => {
    expect(await come(openDoor().gate, { token: PREVIOUS })).toBe('token-wrong');
  });

  test('guessed thirty times is not looked at any more from there, for ten seconds', async () => {
    const { gate, pass } = openDoor();
    for (let guess = 0; guess < 30; guess++) expect(await come(gate, { token: `${guess}` })).toBe('token-wrong');
    expect(await come(gate, { token: CURRENT })).toBe('too-many-wrong');
    expect(await come(gate, { address: '198.51.100.8' })).toBe(0);
    expect(gate.mayRead(CALL.address, CURRENT)).toMatchObject({ why: 'too-many-wrong' });
    pass(10_000);
    expect(await come(gate)).toBe(0);
  });

  test('guessed as a reader of metrics counts as well', async () => {
    const { gate } = openDoor();
    for (let guess = 0; guess < 30; guess++) gate.mayRead(CALL.address, `${guess}`);
    expect(await come(gate)).toBe('too-many-wrong');
  });

  test('guessed next to a control-plane that was let in lately shuts that one not out', async () => {
    const { gate, pass } = openDoor();
    expect(await come(gate)).toBe(0);
    for (let guess = 0; guess < 50; guess++) await come(gate, { token: `${guess}` });
    expect(await come(gate)).toBe(0);
    pass(601_000);
    for (let guess = 0; guess < 50; guess++) await come(gate, { token: `${guess}` });
    expect(await come(gate)).toBe('too-many-wrong');
  });

  test('that is missing is no guess: a probe without one shuts nobody out', async () => {
    const { gate } = openDoor();
    for (let probe = 0; probe < 100; probe++) await come(gate, { token: undefined });
    expect(await come(gate)).toBe(0);
  });
});

describe('callers that are allowed', () => {
  const allowed = network('203.0.113.5', '10.1.0.0/16', '2001:db8::/64');
  test.each<[string, Partial<CallHead>, number | string]>([
    ['one of the list', { address: '203.0.113.5' }, 0],
    ['one of a network of the list', { address: '10.1.200.3' }, 0],
    ['one over IPv6', { address: '2001:db8::9' }, 0],
    ['a stranger with the right token', { address: '203.0.113.6' }, 'address'],
    ['a stranger over IPv6', { address: '2001:db8:0:1::9' }, 'address'],
    ['an address that cannot be read', { address: '' }, 'address'],
    [
      'a stranger without a token, who hears no more than that',
      { address: '203.0.113.6', token: undefined },
      'address',
    ],
    ['this worker’s own heartbeat', { address: '172.18.0.5' }, 0],
    ['its neighbour on that network', { address: '172.18.0.1' }, 'address'],
    ['who is inside', { address: '127.0.0.1', isInside: true }, 0],
    ['who says so through a proxy', { address: '127.0.0.1', isInside: false }, 'address'],
  ])('%s', async (_who, change, verdict) => {
    expect(await come(openDoor({ allowed }, ['172.18.0.5']).gate, change)).toBe(verdict);
  });

  test('are all, where none is named', async () => {
    expect(await come(openDoor().gate, { address: '203.0.113.6' })).toBe(0);
  });
});

describe('the number of calls', () => {
  test('of an exam day is let in: 500 joins in two minutes, each tried again every three seconds, and what admins see', async () => {
    const { gate, pass } = openDoor();
    const verdicts = new Set<unknown>();
    for (let second = 0; second < 120; second++) {
      for (let call = 0; call < 4 + 167 + 5; call++) verdicts.add(await come(gate));
      pass(1000);
    }
    // All five hundred at once after a network that was away.
    for (let call = 0; call < 1500; call++) verdicts.add(await come(gate));
    expect([...verdicts]).toEqual([0]);
  });

  test('without end is not, and who hears it hears when to go on', async () => {
    const { gate, pass } = openDoor();
    for (let call = 0; call < 3000; call++) await come(gate);
    const verdict = await gate.enter(CALL);
    expect(verdict).toMatchObject({ why: 'too-many-calls' });
    expect(verdict.kind === 'refused' && refusalReply(verdict)).toMatchObject({
      status: 429,
      body: { error: 'too_many_calls', retryAfterSec: 1 },
    });
    expect(await come(gate, { address: '198.51.100.8' })).toBe(0);
    pass(1000);
    expect(await come(gate)).toBe(0);
  });
});

describe('a signed call', () => {
  const NOW = 1_800_000_000_000;
  test('needs no token beside it, and is let in once', async () => {
    const { gate } = openDoor();
    const signature = signedAt(NOW);
    expect(await come(gate, { token: undefined, signature })).toBe(0);
    expect(await come(gate, { token: undefined, signature })).toBe('replayed');
    expect(await come(gate, { token: undefined, signature: signedAt(NOW) })).toBe(0);
  });

  test('is known by the previous token too', async () => {
    const { gate } = openDoor({ tokens: [CURRENT, PREVIOUS] });
    expect(await come(gate, { token: undefined, signature: signedAt(NOW, PREVIOUS) })).toBe(1);
  });

  test.each<[string, Partial<CallHead>, string]>([
    ['with another body', {}, 'signature-wrong'],
    ['for another worker', { signature: signedAt(NOW, CURRENT, 'worker-03') }, 'signature-wrong'],
    ['under another token', { signature: signedAt(NOW, 'some other token') }, 'signature-wrong'],
    ['with a wrong token beside it', { token: 'wrong', signature: signedAt(NOW) }, 'token-wrong'],
    ['without its time', { signature: { ...signedAt(NOW), time: undefined } }, 'signature-malformed'],
    ['without its nonce', { signature: { ...signedAt(NOW), nonce: undefined } }, 'signature-malformed'],
    ['with half a nonce', { signature: { ...signedAt(NOW), nonce: 'short' } }, 'signature-malformed'],
    ['without its signature', { signature: { ...signedAt(NOW), value: undefined } }, 'signature-malformed'],
    ['with a time that is none', { signature: { ...signedAt(NOW), time: 'now' } }, 'signature-malformed'],
  ])('%s is refused, though signatures are not required and the token is right', async (what, change, why) => {
    const body = what === 'with another body' ? Buffer.from('{}') : BODY;
    expect(await come(openDoor().gate, { signature: signedAt(NOW), ...change }, body)).toBe(why);
  });

  test.each([NOW - 60_001, NOW + 60_001])('by a clock more than a minute off (%i) is refused', async (signed) => {
    expect(await come(openDoor().gate, { token: undefined, signature: signedAt(signed) })).toBe('clock');
    expect(await come(openDoor({ requireSigned: true }).gate, { signature: signedAt(signed) })).toBe('clock');
  });

  test('from before the worker started is refused: what it had used by then nobody remembers', async () => {
    const { gate, time } = openDoor();
    time.uptime = 3_000;
    expect(await come(gate, { token: undefined, signature: signedAt(NOW - 4_000) })).toBe('before-start');
    expect(await come(gate, { token: undefined, signature: signedAt(NOW - 1_000) })).toBe(0);
  });

  test('of a wrong clock is let in by its token where that would have done alone, and it is told', async () => {
    const { gate } = openDoor();
    const call = { ...CALL, signature: signedAt(NOW - 95_000) };
    await gate.enter(call);
    expect(gate.checkSignature(call, BODY)).toMatchObject({ kind: 'passed', late: { why: 'clock', detail: '-95000' } });
    expect(await come(gate, { token: 'wrong', signature: signedAt(NOW - 95_000) })).toBe('token-wrong');
  });

  test('that is refused for its clock says by how much, and is no guess', async () => {
    const { gate } = openDoor();
    const call = { ...CALL, token: undefined, signature: signedAt(NOW - 95_000) };
    expect(await gate.enter(call)).toEqual({ kind: 'read-on' });
    const verdict = gate.checkSignature(call, BODY);
    expect(verdict.kind === 'refused' && refusalReply(verdict)).toMatchObject({
      status: 401,
      body: { error: 'clock', message: expect.stringContaining('95 s ago') },
    });
    for (let again = 0; again < 60; again++) await come(gate, { token: undefined, signature: signedAt(NOW - 95_000) });
    expect(await come(gate)).toBe(0);
  });

  test('with a wrong signature is a guess', async () => {
    const { gate } = openDoor();
    for (let guess = 0; guess < 30; guess++) await come(gate, { signature: signedAt(NOW, `${guess}`) });
    expect(await come(gate)).toBe('too-many-wrong');
  });

  test('is the only one that is let in, where it is required; but who is inside need not sign', async () => {
    const { gate } = openDoor({ requireSigned: true });
    expect(await come(gate)).toBe('unsigned');
    expect(await come(gate, { signature: signedAt(NOW) })).toBe(0);
    expect(await come(gate, { address: '127.0.0.1', isInside: true })).toBe(0);
  });
});
