import { BlockList } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import { addressOf, networkOf } from '../../../src/callers/address.ts';
import { Attempts } from '../../../src/callers/attempts.ts';
import type { Refused } from '../../../src/tunnel/admission.ts';
import { refused } from '../../../src/tunnel/admission.ts';
import { Entrance } from '../../../src/tunnel/entrance.ts';
import { Handshakes } from '../../../src/tunnel/handshakes.ts';
import { originRule } from '../../../src/tunnel/origins.ts';
import type { Visit } from '../../../src/tunnel/visit.ts';

describe('pages that may open tunnels', () => {
  const rule = originRule(['https://exam.school.test', 'http://lab.school.test:8080', 'https://*.uni.test']);

  test.each(['https://exam.school.test', 'http://lab.school.test:8080', 'https://a.uni.test', 'https://b.a.uni.test'])(
    '%s is one',
    (origin) => expect(rule(origin)).toBe(true),
  );

  test.each([
    undefined,
    'null',
    '',
    'http://exam.school.test',
    'https://exam.school.test:444',
    'https://exam.school.test.evil.test',
    'https://evil.test/https://exam.school.test',
    'https://uni.test',
    'https://eviluni.test',
    'https://evil.test?.uni.test',
    'https://evil.test/.uni.test',
    'https://evil.test#a.uni.test',
    'https://.uni.test',
    'https://a..uni.test',
    'http://a.uni.test',
    'https://a.uni.test:444',
  ])('%s is none', (origin) => expect(rule(origin)).toBe(false));

  test('are all, where none is named', () => {
    const open = originRule([]);
    expect([open('https://anywhere.test'), open(undefined)]).toEqual([true, true]);
  });
});

describe('where a visit comes from', () => {
  const trusted = new BlockList();
  trusted.addSubnet('10.0.0.0', 24, 'ipv4');
  trusted.addAddress('fd00::5', 'ipv6');

  test.each([
    ['the socket’s other end', '198.51.100.7', '', '198.51.100.7'],
    ['whatever a stranger writes of himself', '198.51.100.7', '1.2.3.4', '198.51.100.7'],
    ['whom our proxy heard', '10.0.0.5', '198.51.100.7', '198.51.100.7'],
    ['over a socket that takes both families', '::ffff:10.0.0.5', '198.51.100.7', '198.51.100.7'],
    [
      'the last stranger of the chain: what he wrote before is his',
      '10.0.0.5',
      '1.1.1.1, 198.51.100.7',
      '198.51.100.7',
    ],
    ['behind two proxies of ours', '10.0.0.5', '198.51.100.7, 10.0.0.6', '198.51.100.7'],
    ['over IPv6', 'fd00::5', '2001:db8::1', '2001:db8::1'],
    ['the proxy, where it says nothing', '10.0.0.5', '', '10.0.0.5'],
    ['the proxy, where it says nonsense', '10.0.0.5', 'unknown', '10.0.0.5'],
  ])('is %s', (_rule, peer, forwarded, address) => {
    expect(addressOf(peer, forwarded, trusted)).toBe(address);
  });
});

describe('refused attempts', () => {
  let now = 0;
  let attempts: Attempts;
  beforeEach(() => {
    now = 1_000_000;
    attempts = new Attempts(() => now);
  });
  const refuse = (address: string, times: number) => {
    for (let each = 0; each < times; each++) attempts.refused(address);
  };

  test('are too many at thirty in ten seconds, for that address only', () => {
    refuse('198.51.100.7', 29);
    expect(attempts.tooMany('198.51.100.7')).toBe(false);
    refuse('198.51.100.7', 1);
    expect([attempts.tooMany('198.51.100.7'), attempts.tooMany('198.51.100.8')]).toEqual([true, false]);
  });

  test('are forgotten after ten seconds', () => {
    refuse('198.51.100.7', 50);
    now += 10_000;
    expect(attempts.tooMany('198.51.100.7')).toBe(false);
  });

  test('count together for one line’s addresses of IPv6', () => {
    for (let each = 1; each <= 30; each++) attempts.refused(`2001:db8:1:2::${each.toString(16)}`);
    expect([attempts.tooMany('2001:db8:1:2:ffff::1'), attempts.tooMany('2001:db8:1:3::1')]).toEqual([true, false]);
  });

  test('of very many addresses take no more memory', () => {
    refuse('198.51.100.7', 30);
    for (let each = 0; each < 10_000; each++) attempts.refused(`a${each}`);
    expect(attempts.tooMany('198.51.100.7')).toBe(false);
  });
});

test('a line’s network is its first 64 bits, however the address is written', () => {
  expect(['2001:db8:1:2:3:4:5:6', '2001:db8::1', '::1', '192.0.2.1'].map(networkOf)).toEqual([
    '2001:db8:1:2',
    '2001:db8:0:0',
    '0:0:0:0',
    '192.0.2.1',
  ]);
});

test('handshakes under way are bounded in all and per address, and counted out again', () => {
  const handshakes = new Handshakes({ inAll: 3, perAddress: 2 });
  const first = handshakes.enter('a');
  expect([handshakes.enter('a') !== undefined, handshakes.enter('a')]).toEqual([true, undefined]);
  expect([handshakes.enter('b') !== undefined, handshakes.enter('c')]).toEqual([true, undefined]);
  first?.();
  expect(handshakes.enter('a')).toBeDefined();
});

describe('the entrance', () => {
  const logged: object[] = [];
  const counted: string[] = [];
  let entrance: Entrance;
  let asked: number;
  const visit = (query: Record<string, string>, change: Partial<Visit> = {}): Visit => ({
    query: new URLSearchParams(query),
    address: '198.51.100.7',
    origin: 'https://exam.school.test',
    cookie: undefined,
    ...change,
  });
  const bad = async (): Promise<Refused> => {
    asked++;
    return refused('token', 'no token of ours');
  };
  const good = async () => ({ kind: 'admitted' }) as const;
  const kinds = (visits: readonly Visit[], judge: () => Promise<{ kind: string } | Refused>) =>
    Promise.all(visits.map(async (each) => (await entrance.admit(each, judge)).kind));

  beforeEach(() => {
    logged.length = 0;
    counted.length = 0;
    asked = 0;
    entrance = new Entrance({
      allowedOrigins: ['https://exam.school.test'],
      clock: () => 5,
      log: { info: () => undefined, warn: (fields) => void logged.push(fields), error: () => undefined },
      refused: (why) => void counted.push(why),
    });
  });

  test('a foreign page is refused unlooked', async () => {
    const foreign = visit({ token: 'x' }, { origin: 'https://evil.test' });
    expect(await entrance.admit(foreign, good)).toMatchObject({ kind: 'refused', why: 'origin' });
    expect(logged).toEqual([{ why: 'origin', detail: 'https://evil.test', from: '198.51.100.7' }]);
  });

  test('after thirty refusals an address’ guesses are not looked at; other addresses’ are', async () => {
    await kinds(Array<Visit>(30).fill(visit({ token: 'x' })), bad);
    expect(asked).toBe(30);
    expect(await entrance.admit(visit({ token: 'x' }), good)).toMatchObject({ why: 'too-many' });
    expect((await entrance.admit(visit({ token: 'x' }, { address: '198.51.100.8' }), good)).kind).toBe('admitted');
  });

  test('a guesser does not lock out his hall: what is signed is looked at all the same', async () => {
    await kinds(Array<Visit>(40).fill(visit({ token: 'x' })), bad);
    expect(await kinds([visit({ connection: 'x' }), visit({ watch: '7:42' })], good)).toEqual(['admitted', 'admitted']);
  });

  test('a guesser does not fill the log; all of his guesses are counted', async () => {
    await kinds(Array<Visit>(100).fill(visit({ token: 'x' })), bad);
    expect([logged.length, counted.length]).toEqual([30, 100]);
    expect(logged.at(-1)).toMatchObject({ limit: expect.stringMatching(/not logged/) });
  });

  test('those who come in are never too many', async () => {
    const all = await kinds(Array<Visit>(500).fill(visit({ token: 'x' })), good);
    expect(new Set(all)).toEqual(new Set(['admitted']));
  });

  test('every refusal takes its time, so that none tells how far it came', async () => {
    for (const judge of [bad, async () => refused('foreign-login')]) {
      const began = performance.now();
      await entrance.admit(visit({ token: 'x' }), judge);
      expect(performance.now() - began).toBeGreaterThanOrEqual(98);
    }
  });
});
