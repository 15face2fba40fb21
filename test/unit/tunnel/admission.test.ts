import { EncryptJWT, SignJWT } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import type { SessionRecord } from '../../../src/desktop/session-record.ts';
import { type Admission, type AdmissionPorts, admit } from '../../../src/tunnel/admission.ts';
import { connectionKey, makeConnectionToken } from '../../../src/tunnel/connection-token.ts';
import { SessionBook } from '../../../src/tunnel/session-book.ts';
import { tokenKey } from '../../../src/tunnel/token.ts';
import { TokenBook } from '../../../src/tunnel/token-book.ts';
import { seat, seated as student } from '../../rig/seated.ts';
import { contractToken } from '../../rig/tunnel-client.ts';

const KEY_TEXT = 'a key of exactly thirty-two byte';
const SECRET = Buffer.from('the secret that signs logins');
const MINUTE = 60_000;
const key = connectionKey(KEY_TEXT);
const pooled: Desktop = {
  ...student,
  containerId: 'c2',
  name: 'exam_7_pool_b',
  place: { kind: 'pool', examId: 7, id: 'b' },
  ip: '10.213.1.8',
};
const quarantined: Desktop = {
  ...student,
  containerId: 'c3',
  name: 'exam_7_quarantine_1',
  place: { kind: 'quarantine', examId: 7, at: 1 },
  ip: '10.213.1.9',
};

let now: number;
let desktops: Desktop[];
let ports: AdmissionPorts;
let session: SessionRecord;

const ask = (query: Record<string, string>, changes: Partial<AdmissionPorts> = {}, cookie?: string) =>
  admit(
    { ...ports, ...changes },
    { query: new URLSearchParams(query), address: '198.51.100.7', origin: undefined, cookie },
  );
const why = (admission: Admission) => (admission.kind === 'refused' ? admission.why : admission.kind);
const login = (sub: unknown, by = SECRET, expires = '12h') =>
  new SignJWT({ sub: sub as string, role: 'STUDENT' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(expires)
    .sign(by);
const connection = (change: object = {}, by = key) => {
  const exp = Math.floor((now + 5 * MINUTE) / 1000);
  return makeConnectionToken({ sub: 42, exam: 7, allocation: session.allocation, exp, ...change }, by);
};

beforeEach(async () => {
  now = 1_800_000_000_000;
  desktops = [student, pooled, quarantined];
  const store = { load: async () => undefined, save: async () => undefined, remove: async () => undefined };
  ports = {
    tokenKey: tokenKey(KEY_TEXT),
    connectionKey: key,
    jwtSecret: SECRET,
    requireJwt: false,
    book: new TokenBook({ bind: async (_digest, containerId) => containerId }),
    sessions: new SessionBook(store, () => now),
    clock: () => now,
    atAddress: (ip) => desktops.find((each) => each.ip === ip),
    atSeat: ({ userId, examId }) => desktops.find(({ name }) => name === `exam_${examId}_u${userId}`),
  };
  session = await ports.sessions.of(seat);
});

describe('the contract’s token', () => {
  const token = (ip = student.ip) => contractToken(KEY_TEXT, ip);

  test.each<[string, () => Promise<string | undefined>, boolean]>([
    ['alone, where no login is required', async () => undefined, false],
    ['with its student’s login', () => login('42'), true],
    ['with a login whose sub is a number, as some signers write it', () => login(42), true],
  ])('lets in %s', async (_rule, jwt, requireJwt) => {
    const said = await jwt();
    const query = { token: token(), ...(said === undefined ? {} : { jwt: said }) };
    expect(await ask(query, { requireJwt })).toEqual({ kind: 'admitted', desktop: student, session });
  });

  test.each<[string, () => Promise<Record<string, string>>, boolean, string]>([
    ['no login, where one is required', async () => ({ token: token() }), true, 'no-login'],
    ['another student’s login', async () => ({ token: token(), jwt: await login('43') }), false, 'foreign-login'],
    ['an empty login', async () => ({ token: token(), jwt: '' }), false, 'foreign-login'],
    [
      'a login that nobody signed',
      async () => ({ token: token(), jwt: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.' }),
      false,
      'foreign-login',
    ],
    [
      'a login signed by another school',
      async () => ({ token: token(), jwt: await login('42', Buffer.from('another secret')) }),
      false,
      'foreign-login',
    ],
    [
      'a login of yesterday',
      async () => ({ token: token(), jwt: await login('42', SECRET, '-1h') }),
      false,
      'foreign-login',
    ],
    ['the address of a pool desktop: it is nobody’s', async () => ({ token: token(pooled.ip) }), false, 'no-desktop'],
    ['the address of one in quarantine', async () => ({ token: token(quarantined.ip) }), false, 'no-desktop'],
    ['an address where no desktop of ours is', async () => ({ token: token('10.213.0.10') }), false, 'no-desktop'],
    ['no token at all', async () => ({}), false, 'token'],
  ])('refuses %s', async (_rule, query, requireJwt, cause) => {
    expect(why(await ask(await query(), { requireJwt }))).toBe(cause);
  });

  test('does not open the next student’s desktop at its address', async () => {
    const old = token();
    expect(why(await ask({ token: old }))).toBe('admitted');
    desktops = [{ ...student, containerId: 'c9', name: 'exam_7_u43' }];
    expect(why(await ask({ token: old }))).toBe('earlier-session');
    expect(why(await ask({ token: token() }))).toBe('admitted');
  });

  test('is not bound by a try that was refused: its student comes in after', async () => {
    const query = { token: token() };
    expect(why(await ask(query, { requireJwt: true }))).toBe('no-login');
    expect(why(await ask({ ...query, jwt: await login('42') }, { requireJwt: true }))).toBe('admitted');
  });
});

describe('a login in a cookie', () => {
  const token = contractToken(KEY_TEXT, student.ip);

  test('stands in for one in the query where one is required', async () => {
    expect(why(await ask({ token }, { requireJwt: true }, await login('42')))).toBe('admitted');
    expect(why(await ask({ token }, { requireJwt: true }, await login('43')))).toBe('foreign-login');
  });

  test('never in place of one in the query', async () => {
    expect(why(await ask({ token, jwt: await login('43') }, { requireJwt: true }, await login('42')))).toBe(
      'foreign-login',
    );
  });

  test('of whoever sat at this machine before shuts nobody out where none is required', async () => {
    expect(why(await ask({ token }, {}, await login('43')))).toBe('admitted');
  });
});

describe('the connection token', () => {
  test('opens its student’s desktop, whatever became of the container meanwhile', async () => {
    const token = await connection();
    expect(await ask({ connection: token })).toEqual({ kind: 'admitted', desktop: student, session });
    const replaced = { ...student, containerId: 'c7', ip: '10.213.1.20' };
    desktops = [replaced];
    expect(await ask({ connection: token })).toMatchObject({ kind: 'admitted', desktop: replaced });
    desktops = [];
    expect(why(await ask({ connection: token }))).toBe('away');
  });

  test('after the release opens nothing, nor does it when the same student comes again', async () => {
    const token = await connection();
    await ports.sessions.end(seat);
    expect(why(await ask({ connection: token }))).toBe('earlier-session');
    expect((await ports.sessions.of(seat)).allocation).not.toBe(session.allocation);
    expect(why(await ask({ connection: token }))).toBe('earlier-session');
  });

  test('that has opened nothing in its time opens nothing after it', async () => {
    const token = await connection();
    now += 5 * MINUTE + 1_000;
    expect(why(await ask({ connection: token }))).toBe('expired');
  });

  test('opens again after its time while a tunnel was open in the last ten minutes', async () => {
    const token = await connection();
    now += 60 * MINUTE;
    ports.sessions.note(seat, session.allocation, () => ({ lastSeenAt: now }));
    now += 10 * MINUTE;
    expect(why(await ask({ connection: token }))).toBe('admitted');
    now += 1_000;
    expect(why(await ask({ connection: token }))).toBe('expired');
  });

  test('asks for the login where one is required, and for the right one where one comes', async () => {
    const token = await connection();
    expect(why(await ask({ connection: token }, { requireJwt: true }))).toBe('no-login');
    expect(why(await ask({ connection: token, jwt: await login('43') }))).toBe('foreign-login');
    expect(why(await ask({ connection: token, jwt: await login('42') }, { requireJwt: true }))).toBe('admitted');
  });

  test.each<[string, () => Promise<string> | string]>([
    ['of another key', () => connection({}, connectionKey('another key'))],
    ['of the contract’s key', () => connection({}, new Uint8Array(tokenKey(KEY_TEXT)))],
    ['that lacks its end', async () => (await connection()).slice(0, -4)],
    ['that says more than we say', () => connection({ hostname: '10.213.0.10' })],
    [
      'with another head',
      async () => `${(await connection()).replace(/^[^.]+/, 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0')}`,
    ],
    ['for no student', () => connection({ sub: 0 })],
    ['that is none', () => 'garbage'],
    ['that is empty', () => ''],
    ['that is long', () => 'A'.repeat(100_000)],
    [
      'made for another use with this key',
      () => new EncryptJWT({}).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key),
    ],
  ])('%s opens nothing', async (_what, token) => {
    expect(why(await ask({ connection: await token() }))).toBe('token');
  });

  test('with any sign of it changed opens nothing', async () => {
    const token = await connection();
    for (let at = 0; at < token.length; at++) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'z' : 'A') + token.slice(at + 1);
      // The last sign of a part may have bits that count for nothing.
      if (
        Buffer.from(changed.split('.').at(-1) ?? '', 'base64url').equals(
          Buffer.from(token.split('.').at(-1) ?? '', 'base64url'),
        ) &&
        changed.split('.').slice(0, 4).join() === token.split('.').slice(0, 4).join()
      )
        continue;
      expect(why(await ask({ connection: changed })), `sign ${at}`).not.toBe('admitted');
    }
  });

  test('of one student names no other: his exam and his number are in it', async () => {
    desktops = [student, { ...student, containerId: 'c5', name: 'exam_7_u43', ip: '10.213.1.21' }];
    expect(why(await ask({ connection: await connection({ sub: 43 }) }))).toBe('earlier-session');
    expect(why(await ask({ connection: await connection({ exam: 8 }) }))).toBe('earlier-session');
  });
});
