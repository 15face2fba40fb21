import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Seat } from '../../rig/seat.ts';

// Somebody on the services' side asks guacd for a login of his own, past the connection that the worker holds.
const seat = new Seat('desktop-login', '/typing');
beforeAll(() => seat.start());
afterAll(() => seat.stop());

test('a login with a wrong password reaches no session: its keys go nowhere, and the held connection stays', async () => {
  const [held] = await seat.screens();
  const login = await seat.logIn('wrong-password');
  await pause(2_000);
  await login.type('w', 'r', 'o', 'n', 'g', 'Enter');
  await pause(1_000);
  expect(await seat.typed()).toEqual([]);
  expect(await seat.screens()).toContain(held);
  expect(await seat.inside('pgrep -xc Xorg')).toBe('1');
  login.close();
});

test('one with the right password reaches the session, with the keyboard on the exam page', async () => {
  const login = await seat.sitDown();
  await login.type('r', 'i', 'g', 'h', 't');
  await seat.rig.until('the keys', async () => (await seat.typed()).join('') === 'right');
  login.close();
});

test('clipboard, drives, sound and printers stay closed, whatever a client asks for', async () => {
  const login = await seat.sitDown({
    'disable-audio': '',
    'disable-copy': '',
    'disable-paste': '',
    'enable-drive': 'true',
    'drive-path': '/tmp',
    'enable-printing': 'true',
  });
  login.send(['clipboard', '0', 'text/plain']);
  login.send(['blob', '0', Buffer.from('from outside').toString('base64')]);
  login.send(['end', '0']);
  await pause(500);
  await login.type(['Control', 'v']);
  // The desktop's own clipboard works, so the paste before was looked at in earnest.
  await login.type(['Control', 'a'], ['Control', 'c'], ['Control', 'v']);
  await seat.rig.until('a paste', async () => (await seat.typed()).some((what) => what.includes('Type here')));
  expect((await seat.typed()).filter((what) => what.includes('outside'))).toEqual([]);
  expect([...login.opcodes].filter((opcode) => ['clipboard', 'audio', 'file'].includes(opcode))).toEqual([]);
  expect(await seat.inside('grep -c fuse /proc/mounts')).toBe('0');
  login.close();
});
