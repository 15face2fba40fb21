import { afterAll, beforeAll, test } from 'vitest';
import type { RdpLogin } from '../../rig/rdp-login.ts';
import { Seat } from '../../rig/seat.ts';

// The student at the browser, by keyboard alone: no mouse is moved, so keys arrive only where the focus is.
const seat = new Seat('desktop-browser', '/typing');
let student: RdpLogin;
beforeAll(async () => {
  await seat.start();
  student = await seat.sitDown();
});
afterAll(() => seat.stop());

const opened = async () => (await seat.asked()).filter((path) => path === '/typing').length;
const reaches = async (word: string) => {
  await seat.rig.until(`${word} typed into the page`, async () => {
    await student.type(...word);
    return (await seat.typed()).join('').endsWith(word);
  });
};

test('closed, it comes back on the exam page, with the keyboard on it', async () => {
  const before = await opened();
  await student.type(['Alt', 'F4']);
  await seat.rig.until('the page opened again', async () => (await opened()) > before);
  await reaches('closed');
});

test('a session that has ended comes back the same way, and the same login goes on', async () => {
  const before = await opened();
  await seat.inside('kill -9 $(pgrep -x Xorg)', '1000');
  await seat.rig.until('the page opened again', async () => (await opened()) > before);
  student = await seat.sitDown();
  await reaches('again');
});
