import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RdpLogin } from '../../rig/rdp-login.ts';
import { Seat } from '../../rig/seat.ts';

// Typed key by key over RDP, read back from a text field of the exam page.
const seat = new Seat('desktop-vietnamese', '/typing');
let student: RdpLogin;
beforeAll(async () => {
  await seat.start();
  student = await seat.sitDown();
});
afterAll(() => seat.stop());

async function field(keys: string): Promise<string> {
  await student.type(['Control', 'a'], ...keys, ' ');
  await pause(1_000);
  return (await seat.texts()).at(-1) ?? '';
}

test('letters come as typed until Ctrl+Space, then Telex makes Vietnamese of them', async () => {
  expect(await field('tieengs Vieetj')).toBe('tieengs Vieetj ');
  await student.type(['Control', ' ']);
  await pause(500);
  expect(await field('tieengs Vieetj nguwowif dduwowcj')).toBe('tiếng Việt người được ');
});

test('VNI, once chosen, is what counts, also for an input method that has died', async () => {
  // What the choice in the keyboard icon's menu leaves behind; the session starts the input method anew.
  const choice =
    'mkdir -p .config/fcitx5/conf; echo InputMethod=VNI > .config/fcitx5/conf/unikey.conf; pkill -KILL fcitx5';
  await seat.inside(`cd /home/student; ${choice}`, 'student');
  await seat.rig.until('the input method', async () => (await seat.inside('pgrep -xc fcitx5')) === '1');
  await pause(2_000);
  expect(await field('abc')).toBe('abc ');
  await student.type(['Control', ' ']);
  await pause(500);
  expect(await field('tie61ng Vie65t ngu7o72i d9u7o75c')).toBe('tiếng Việt người được ');
});
