import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.ts';
import { Sitter } from '../../rig/sitter.ts';

// A student at his desktop, and whatever runs in it dies under his hands.
/** Long enough for a busy machine: `npm run faults` has the goal, 8 s. */
const BACK_MS = 25_000;
const rig = new Rig({ name: 'revived' });
let desktop = '';
let student: Sitter;

const inside = async (command: string, as: 'root' | 'student' = 'root') =>
  (await rig.exec(desktop, ['sh', '-c', command], as)).output.trim();
const pids = async (found: string) => (await inside(`pgrep ${found}`)).split(/\s+/).join(' ');
const send = async (signal: string, found: string) => {
  const which = await pids(found);
  expect(which, found).toMatch(/^\d/);
  await inside(`kill -${signal} ${which}`);
  return which;
};

beforeAll(async () => {
  await rig.start();
  const { body } = await rig.until('a desktop', async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 96, userId: 1 });
    return answer.status === 200 && answer;
  });
  desktop = body.containerId;
  student = new Sitter(rig, body.ip);
  await student.usable(30_000);
});
afterAll(async () => {
  student?.leave();
  await rig.stop();
});

describe('killed, and the student’s work goes on where it was', () => {
  test.each([
    ['sesman', '-x xrdp-sesman'],
    ['xrdp, whose next login asks a new sesman', '-x xrdp'],
    ['the keeper of the session', '-f "^bash /usr/lib/exam/keep"'],
    ['the session’s shell', '-f "^bash /usr/lib/exam/session"'],
  ])('%s', async (_name, found) => {
    const before = await student.text();
    const killed = await send('KILL', found);
    await student.usable(BACK_MS);
    expect((await student.text()).slice(0, before.length)).toBe(before);
    await rig.until(
      'another in its place',
      async () => /^\d/.test(await pids(found)) && (await pids(found)) !== killed,
    );
  });
});

test('the browser killed then: it comes back, the new shell looks after it', async () => {
  await send('KILL', '-x chromium');
  await student.usable(BACK_MS);
});

test('the X server killed: the session begins anew on the exam page, and the tunnel comes to it by itself', async () => {
  await send('KILL', '-x Xorg');
  await student.usable(BACK_MS);
});

test.each(['Xorg', 'xrdp-sesman'])('%s stopped goes on by itself', async (name) => {
  await send('STOP', `-x ${name}`);
  await student.usable(BACK_MS);
  expect(await inside(`grep -l "State:.T" $(pgrep -x ${name} | sed "s|.*|/proc/&/status|")`)).toBe('');
});

describe('a program of the student’s that takes all there is', () => {
  const program = (name: string, code: string) =>
    inside(`printf '%s' '${code}' > /tmp/${name}.c && gcc -O0 -o /tmp/${name} /tmp/${name}.c`, 'student');
  const screen = () => pids('"^(Xorg|xrdp|xrdp-sesman|session|keep|chromium|xfwm4|xfce4-panel|names|gate|first)$"');

  test('memory: it alone is ended by the kernel', async () => {
    await program(
      'hog',
      '#include <stdlib.h>\n#include <string.h>\nint main(void){for(;;)memset(malloc(1<<20),1,1<<20);}',
    );
    const [before, work] = [await screen(), await student.text()];
    // As anything that is started from the panel.
    const panel = await inside('cat /proc/$(pgrep -x xfce4-panel)/oom_score_adj');
    expect(await inside(`echo ${panel} > /proc/self/oom_score_adj; /tmp/hog; echo ended with $?`, 'student')).toContain(
      'ended with 137',
    );
    await student.usable(BACK_MS);
    expect([await screen(), (await student.text()).startsWith(work)]).toEqual([before, true]);
  });
});
