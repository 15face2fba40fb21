import { setTimeout as pause } from 'node:timers/promises';
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
  await seat.inside('kill -9 $(pgrep -x Xorg)', 'student');
  await seat.rig.until('the page opened again', async () => (await opened()) > before);
  student = await seat.sitDown();
  await reaches('again');
});

const visit = (address: string) => student.type(['Control', 'l'], ...address, 'Enter');

test('a window that the exam page opens comes up, and a file that it hands out lands in the workspace', async () => {
  await visit('odd.school.test/popup');
  await seat.rig.until('the popup', async () => (await seat.asked()).includes('/plain'));
  await student.type(['Alt', 'F4']);
  await pause(500);
  await visit('odd.school.test/download');
  await seat.rig.until(
    'the file',
    async () => (await seat.inside('cat /home/student/workspace/*task.txt')) === 'The task',
  );
});

// Chromium names its page for what is blocked after the address; a page of its own would have a name.
test.each(['file:///etc/passwd', 'chrome://policy/', 'chrome://settings/', 'view-source:http://odd.school.test/plain'])(
  '%s is blocked',
  async (address) => {
    await visit(address);
    const title = address.startsWith('view-source') ? 'odd.school.test' : address;
    const windows = () => seat.inside('DISPLAY=:10 XAUTHORITY=/home/student/.Xauthority wmctrl -l', 'student');
    await seat.rig.until(`the blocked page of ${address}`, async () =>
      (await windows()).includes(` ${title} - Chromium`),
    );
  },
);
