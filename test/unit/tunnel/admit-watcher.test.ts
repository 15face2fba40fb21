import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { loginTokens } from '../../../src/control-plane/login-token.ts';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import { admitWatcher } from '../../../src/tunnel/admit-watcher.ts';

const SECRET = 'secret of the test';
const labels = { worker: 'w', examId: 7, desktopId: 'd', imageId: 'i', template: 't' };
const place = { kind: 'seat', seat: { examId: 7, userId: 42 } } as const;
const desktop = { containerId: 'c', name: 'exam_7_u42', place, labels, ip: '10.0.0.1', state: 'warm' } as Desktop;
const login = (claims: Record<string, unknown>, { secret = SECRET, life = '1h' } = {}): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(life).sign(Buffer.from(secret));
const proctor = { sub: 3, username: 'proctor', role: 'PROCTOR' };
// As the stand-alone control-plane makes them.
const consoleLogins = loginTokens(SECRET);
const admin = { userId: 1, username: 'root', role: 'ADMIN' } as const;
const passFor = async (seat: { examId: number; userId: number }, now: Date) =>
  (await consoleLogins.issueWatchPass(admin, seat, now)).jwt;
const admit = async (watch: string, jwt: string | null, seated: Desktop | undefined = desktop) => {
  const atSeat = ({ examId, userId }: { examId: number; userId: number }) =>
    examId === 7 && userId === 42 ? seated : undefined;
  const query = new URLSearchParams({ watch, ...(jwt === null ? {} : { jwt }) });
  const cookie = await login(proctor);
  return await admitWatcher(
    { jwtSecret: Buffer.from(SECRET), atSeat },
    { query, address: 'x', origin: undefined, cookie },
  );
};

test.each([
  ['a proctor', proctor],
  ['an admin', { ...proctor, role: 'ADMIN' }],
  ['one whose number is written as text, as RFC 7519 has it', { ...proctor, sub: '3' }],
  ['one of another control-plane, which says more', { ...proctor, aud: 'school', use: 'session', watch: true }],
])('%s may watch a session that runs', async (_who, claims) => {
  const watcher = { userId: 3, username: 'proctor', role: claims.role };
  expect(await admit('7:42', await login(claims))).toEqual({ kind: 'admitted', desktop, watcher });
});

test('who has a pass of the console’s watches the session that it is for', async () => {
  const pass = await passFor({ examId: 7, userId: 42 }, new Date(Date.now() - 50_000));
  expect(await admit('7:42', pass)).toEqual({ kind: 'admitted', desktop, watcher: admin });
});

test.each<[string, string, Promise<string> | null]>([
  ['without a login, whatever a cookie says', '7:42', null],
  ['with a student’s login', '7:42', login({ ...proctor, role: 'STUDENT' })],
  ['with the watched student’s own login', '7:42', login({ sub: 42, username: 's', role: 'STUDENT' })],
  ['with a role that there is not', '7:42', login({ ...proctor, role: 'ROOT' })],
  ['with a login of another key', '7:42', login(proctor, { secret: 'another secret' })],
  ['with a login that has run out', '7:42', login(proctor, { life: '-1s' })],
  [
    'with a login that never runs out',
    '7:42',
    new SignJWT(proctor as never).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET)),
  ],
  ['with a login without a name: nobody to put into the history', '7:42', login({ sub: 3, role: 'ADMIN' })],
  ['a student who has no desktop', '7:43', login(proctor)],
  ['an exam that he does not sit in', '8:42', login(proctor)],
  ['with the console’s own login', '7:42', consoleLogins.issue(admin, new Date())],
  ['with a pass for another session', '7:42', passFor({ examId: 7, userId: 43 }, new Date())],
  ['with a pass of more than a minute ago', '7:42', passFor({ examId: 7, userId: 42 }, new Date(Date.now() - 61_000))],
  ['nobody', '', login(proctor)],
  ['what is no seat', '7:42:1', login(proctor)],
  ['a seat with signs in it', '7:4 2', login(proctor)],
  ['a number beyond all numbers', `7:${'9'.repeat(40)}`, login(proctor)],
])('nobody watches: %s', async (_what, watch, jwt) => {
  expect(await admit(watch, await jwt)).toMatchObject({ kind: 'refused' });
});

test.each(['starting', 'stopped', 'failed'] as const)('a desktop that is %s shows nothing to watch', async (state) => {
  expect(await admit('7:42', await login(proctor), { ...desktop, state })).toMatchObject({ kind: 'refused' });
});
