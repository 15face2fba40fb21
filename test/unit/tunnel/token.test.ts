import { beforeEach, describe, expect, test } from 'vitest';
import { readToken, tokenKey } from '../../../src/tunnel/token.ts';
import { TokenBook } from '../../../src/tunnel/token-book.ts';
import { contractToken, sealed } from '../../rig/tunnel-client.ts';

const KEY_TEXT = 'a key of exactly thirty-two byte';

describe('the token', () => {
  test.each([
    ['of 32 bytes as it is', KEY_TEXT],
    ['of another length by its SHA-256', 'short key of the school'],
    ['of 32 letters that are more bytes by its SHA-256', 'ế'.repeat(32)],
  ])('is read with a key %s', (_rule, keyText) => {
    expect(readToken(contractToken(keyText, '10.213.1.7'), tokenKey(keyText))).toBe('10.213.1.7');
  });

  test('opens nothing with another key', () => {
    for (let time = 0; time < 200; time++)
      expect(
        readToken(contractToken('the school next door, its key', '10.213.1.7'), tokenKey(KEY_TEXT)),
      ).toBeUndefined();
  });

  const whole = contractToken(KEY_TEXT, '10.213.1.7');
  test.each([
    ['nothing', ''],
    ['garbage', 'not a token'],
    ['base64 of garbage', Buffer.from('garbage').toString('base64')],
    ['JSON that is no envelope', Buffer.from('[]').toString('base64')],
    ['null', Buffer.from('null').toString('base64')],
    ['an envelope of numbers', Buffer.from('{"iv":1,"value":2}').toString('base64')],
    ['an iv that is too short', Buffer.from('{"iv":"AAAA","value":"AAAA"}').toString('base64')],
    ['no address', contractToken(KEY_TEXT, '')],
    ['a name for an address', contractToken(KEY_TEXT, 'localhost')],
    ['an IPv6 address', contractToken(KEY_TEXT, '::1')],
    ['an address with more', contractToken(KEY_TEXT, '10.213.1.7 -x')],
    ['well encrypted text that is no JSON', sealed(KEY_TEXT, 'hello')],
    ['no connection in it', sealed(KEY_TEXT, '{}')],
    ['too much text', 'A'.repeat(5_000)],
    ['a hundred thousand brackets', Buffer.from('['.repeat(3_000)).toString('base64')],
  ])('that is %s opens nothing', (_what, token) => {
    expect(readToken(token, tokenKey(KEY_TEXT))).toBeUndefined();
  });

  test('cut off anywhere opens nothing', () => {
    // The last sign may be padding, whose loss loses nothing.
    for (let length = 0; length < whole.length - 3; length++)
      expect(readToken(whole.slice(0, length), tokenKey(KEY_TEXT))).toBeUndefined();
  });

  test('with any bit of its last blocks turned opens nothing, or what is no desktop’s address changed never by chance', () => {
    const envelope = JSON.parse(Buffer.from(whole, 'base64').toString());
    for (let at = 0; at < 16; at++) {
      const value = Buffer.from(envelope.value, 'base64');
      const place = value.length - 1 - at;
      value[place] = (value[place] ?? 0) ^ 1;
      const token = Buffer.from(JSON.stringify({ ...envelope, value: value.toString('base64') })).toString('base64');
      expect([undefined, '10.213.1.7']).toContain(readToken(token, tokenKey(KEY_TEXT)));
    }
  });
});

describe('the token book', () => {
  const bound = new Map<string, string>();
  let away = false;
  const store = {
    async bind(digest: string, containerId: string): Promise<string> {
      if (away) throw new Error('away');
      const first = bound.get(digest) ?? containerId;
      bound.set(digest, first);
      return first;
    },
  };
  let book: TokenBook;
  const admits = (...tries: [string, string][]) =>
    Promise.all(tries.map(([token, desktop]) => book.admit(token, desktop)));
  beforeEach(() => {
    bound.clear();
    away = false;
    book = new TokenBook(store);
  });

  test('lets a token open the desktop that it opened first, again and again', async () => {
    expect([await book.admit('t', 'c1'), await book.admit('t', 'c1')]).toEqual([true, true]);
  });

  test.each(['with', 'without'])(
    '%s its store never lets an old token open the next student’s desktop',
    async (how) => {
      away = how === 'without';
      await book.admit('t', 'c1');
      expect(await admits(['t', 'c2'], ['t', 'c1'], ['new', 'c2'])).toEqual([false, true, true]);
    },
  );

  test('nor after a restart of the worker', async () => {
    await book.admit('t', 'c1');
    book = new TokenBook(store);
    expect(await admits(['t', 'c2'], ['t', 'c1'])).toEqual([false, true]);
  });

  test('lets one of two desktops have a token that comes for both at once', async () => {
    expect((await admits(['t', 'c1'], ['t', 'c2'])).filter(Boolean)).toHaveLength(1);
  });

  test('keeps no token, only what cannot be turned back into one', async () => {
    await book.admit('the token itself', 'c1');
    expect([...bound.keys()].join()).not.toContain('the token');
  });

  test('remembers through the tokens of ten exams', async () => {
    away = true;
    await book.admit('first', 'c1');
    for (let each = 0; each < 19_999; each++) await book.admit(`t${each}`, 'c2');
    expect(await book.admit('first', 'c9')).toBe(false);
  });
});
