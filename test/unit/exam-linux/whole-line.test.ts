import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const EVENTS = new URL('../../../exam-linux/root/usr/lib/exam/events.sh', import.meta.url).pathname;

const READER = `
set -u
. "$0"
exec {said}< <(printf 'chromium\\t'; sleep 0.3; printf 'Exam - Chromium\\nxfdesktop\\tDesktop\\n')
for try in 1 2 3 4 5 6 7 8; do
  if whole_line "$said" 0.1; then printf '[%s]' "$LINE"; fi
done`;

test('a line that comes in two halves, with the time up in between, is heard whole and once', () => {
  const heard = execFileSync('bash', ['-c', READER, EVENTS], { encoding: 'utf8' });
  expect(heard).toBe('[chromium\tExam - Chromium][xfdesktop\tDesktop]');
});
