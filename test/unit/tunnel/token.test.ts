import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import { type Admission, type AdmissionPorts, admit } from '../../../src/tunnel/admission.ts';
import { readToken, tokenKey } from '../../../src/tunnel/token.ts';
import { TokenBook } from '../../../src/tunnel/token-book.ts';

const KEY_TEXT = 'a key of exactly thirty-two byte';

/** A token as the contract's section 4 has the control-plane make it; written anew here from its words. */
function contractToken(ip: string, keyText: string, content?: string): string {
  const bytes = Buffer.from(keyText, 'utf8');
  const key = bytes.length === 32 ? bytes : createHash('sha256').update(bytes).digest();
  const settings = {
    hostname: ip,
    port: '3389',
    username: 'student',
    password: '123456',
    security: 'any',
    'ignore-cert': 'true',
    'disable-audio': 'true',
    'resize-method': 'display-update',
  };
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const text = content ?? JSON.stringify({ connection: { type: 'rdp', settings } });
  const value = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  return Buffer.from(JSON.stringify({ iv: iv.toString('base64'), value })).toString('base64');
}

describe('the token', () => {
  test.each([
    ['of 32 bytes as it is', KEY_TEXT],
    ['of another length by its SHA-256', 'short key of the school'],
    ['of 32 letters that are more bytes by its SHA-256', 'ế'.repeat(32)],
  ])('is read with a key %s', (_rule, keyText) => {
    expect(readToken(contractToken('10.213.1.7', keyText), tokenKey(keyText))).toBe('10.213.1.7');
  });

  test('opens nothing with another key', () => {
    for (let time = 0; time < 200; time++)
      expect(
        readToken(contractToken('10.213.1.7', 'the school next door, its key'), tokenKey(KEY_TEXT)),
      ).toBeUndefined();
  });

  const whole = contractToken('10.213.1.7', KEY_TEXT);
  test.each([
    ['nothing', ''],
    ['garbage', 'not a token'],
    ['base64 of garbage', Buffer.from('garbage').toString('base64')],
    ['JSON that is no envelope', Buffer.from('[]').toString('base64')],
    ['null', Buffer.from('null').toString('base64')],
    ['an envelope of numbers', Buffer.from('{"iv":1,"value":2}').toString('base64')],
    ['an iv that is too short', Buffer.from('{"iv":"AAAA","value":"AAAA"}').toString('base64')],
    ['no address', contractToken('', KEY_TEXT)],
    ['a name for an address', contractToken('localhost', KEY_TEXT)],
    ['an IPv6 address', contractToken('::1', KEY_TEXT)],
    ['an address with more', contractToken('10.213.1.7 -x', KEY_TEXT)],
    ['well encrypted text that is no JSON', contractToken('', KEY_TEXT, 'hello')],
    ['no connection in it', contractToken('', KEY_TEXT, '{}')],
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
  test('lets a token open the desktop that it opened first, again and again', () => {
    const book = new TokenBook();
    expect([book.admit('t', 'c1'), book.admit('t', 'c1')]).toEqual([true, true]);
  });

  test('never lets an old token open the next student’s desktop at the same address', () => {
    const book = new TokenBook();
    book.admit('t', 'c1');
    expect([book.admit('t', 'c2'), book.admit('t', 'c1'), book.admit('new', 'c2')]).toEqual([false, true, true]);
  });

  test('remembers through the tokens of ten exams', () => {
    const book = new TokenBook();
    book.admit('first', 'c1');
    for (let each = 0; each < 19_999; each++) book.admit(`t${each}`, 'c2');
    expect(book.admit('first', 'c9')).toBe(false);
  });
});

describe('admission', () => {
  const secret = Buffer.from('the secret that signs logins');
  const student: Desktop = {
    containerId: 'c1',
    name: 'exam_7_u42',
    place: { kind: 'seat', seat: { examId: 7, userId: 42 } },
    labels: { worker: 'w', examId: 7, desktopId: 'a', imageId: 'i', template: 't' },
    ip: '10.213.1.7',
    state: 'warm',
    createdAt: 0,
  };
  const pooled: Desktop = {
    ...student,
    containerId: 'c2',
    name: 'exam_7_pool_b',
    place: { kind: 'pool', examId: 7, id: 'b' },
    ip: '10.213.1.8',
  };
  const login = (sub: unknown, by = secret, expires = '12h') =>
    new SignJWT({ sub: sub as string, role: 'STUDENT' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(expires)
      .sign(by);
  const ask = async (ip: string, jwt?: string, ports: Partial<AdmissionPorts> = {}): Promise<Admission> => {
    const query = new URLSearchParams({ token: contractToken(ip, KEY_TEXT), ...(jwt === undefined ? {} : { jwt }) });
    const desktops = [student, pooled];
    return admit(
      {
        tokenKey: tokenKey(KEY_TEXT),
        jwtSecret: secret,
        requireJwt: false,
        book: new TokenBook(),
        atAddress: (at) => desktops.find((each) => each.ip === at),
        ...ports,
      },
      query,
    );
  };

  test.each<[string, string, () => Promise<string | undefined>, boolean]>([
    ['a good token alone, where no login is required', student.ip, async () => undefined, false],
    ['a good token with its student’s login', student.ip, () => login('42'), true],
    ['a login whose sub is a number, as some signers write it', student.ip, () => login(42), true],
  ])('lets in %s', async (_rule, ip, jwt, requireJwt) => {
    expect(await ask(ip, await jwt(), { requireJwt })).toEqual({ kind: 'admitted', desktop: student });
  });

  test.each<[string, string, () => Promise<string | undefined>, boolean]>([
    ['no login, where one is required', student.ip, async () => undefined, true],
    ['another student’s login', student.ip, () => login('43'), false],
    ['an empty login', student.ip, async () => '', false],
    ['a login that nobody signed', student.ip, async () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.', false],
    ['a login signed by another school', student.ip, () => login('42', Buffer.from('another secret')), false],
    ['a login of yesterday', student.ip, () => login('42', secret, '-1h'), false],
    ['the token of a pool desktop: it is nobody’s', pooled.ip, async () => undefined, false],
    ['an address where no desktop of ours is', '10.213.0.10', async () => undefined, false],
    ['an address in the outside world', '8.8.8.8', () => login('42'), true],
  ])('refuses %s', async (_rule, ip, jwt, requireJwt) => {
    expect((await ask(ip, await jwt(), { requireJwt })).kind).toBe('refused');
  });

  test('refuses a token that opened an earlier desktop at this address', async () => {
    const query = new URLSearchParams({ token: contractToken(student.ip, KEY_TEXT) });
    const ports = { tokenKey: tokenKey(KEY_TEXT), jwtSecret: secret, requireJwt: false, book: new TokenBook() };
    expect((await admit({ ...ports, atAddress: () => student }, query)).kind).toBe('admitted');
    const next = { ...student, containerId: 'c9', name: 'exam_7_u43' };
    expect((await admit({ ...ports, atAddress: () => next }, query)).kind).toBe('refused');
  });

  test('a refused try does not bind the token: its student comes in after', async () => {
    const book = new TokenBook();
    const query = new URLSearchParams({ token: contractToken(student.ip, KEY_TEXT) });
    const ports = { tokenKey: tokenKey(KEY_TEXT), jwtSecret: secret, requireJwt: true, book, atAddress: () => student };
    expect((await admit(ports, query)).kind).toBe('refused');
    query.set('jwt', await login('42'));
    expect((await admit(ports, query)).kind).toBe('admitted');
  });

  test('refuses when there is no token at all', async () => {
    const ports = { tokenKey: tokenKey(KEY_TEXT), jwtSecret: secret, requireJwt: false, book: new TokenBook() };
    const admission = await admit({ ...ports, atAddress: () => student }, new URLSearchParams());
    expect(admission.kind).toBe('refused');
  });
});
