import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../../exam-linux/root/usr/lib/exam/', import.meta.url);
const UNDER_HIS_UID = /setpriv --reuid="\$|"\$\{STUDENT\[@\]\}"/;
const OUTPUT_GIVEN = /(?:^|[^2&])> ?\/dev\/null|1>&"\$told"|\||<\(exec /;

/** Commands with the lines they go on over: after a backslash, a pipe, or within single quotes. */
function commands(text: string): string[] {
  const whole: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    if (open === '' && /^\s*#/.test(line)) continue;
    open += `${line}\n`;
    if (/[\\|]\n$/.test(open) || (open.match(/'/g) ?? []).length % 2 === 1) continue;
    whole.push(open);
    open = '';
  }
  return whole;
}

// He can trace what runs under his uid, and have it write wherever its output goes: once, his words were the desktop's.
test('what root starts under the student’s uid never inherits PID 1’s output', () => {
  const his = readdirSync(folder).flatMap((name) =>
    commands(readFileSync(new URL(name, folder), 'utf8'))
      .filter((command) => UNDER_HIS_UID.test(command) && !/^\s*STUDENT=\(/.test(command))
      .map((command) => `${name}: ${command}`),
  );
  expect(his.length).toBeGreaterThanOrEqual(8);
  expect(his.filter((command) => !OUTPUT_GIVEN.test(command))).toEqual([]);
});

// An `env` between the two could be traced for a millisecond, and a proof was signed that the student had written.
test('root’s part becomes the probe without a program in between that the student may trace', () => {
  const prove = readFileSync(new URL('prove', folder), 'utf8');
  expect(prove).toMatch(/exec -c setpriv --reuid="\$STUDENT_UID" [^"]*\\\n\s+"\$EXAM_LIB\/probe"/);
});
