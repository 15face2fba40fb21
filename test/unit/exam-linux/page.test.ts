import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const PAGE = new URL('../../../exam-linux/root/usr/lib/exam/page.sh', import.meta.url).pathname;
const SITE = 'https://exam.school.test:8443/start?x=1';

const kind = (title: string, ...urls: string[]): string =>
  execFileSync('bash', ['-c', '. "$0"; kind_of_title "$@"', PAGE, title, ...urls], { encoding: 'utf8' }).trim();

test.each([
  ['Kỳ thi cuối kỳ - Chromium', 'own'],
  ['exam.school.test is where you are - Chromium', 'own'],
  ['404 Not Found - Chromium', 'own'],
  ['exam.school.test - Chromium', 'address'],
  ['exam.school.test:8443 - Chromium', 'address'],
  ['exam.school.test:8443/start?x=1 - Chromium', 'address'],
  ['https://exam.school.test:8443/start?x=1 - Chromium', 'address'],
  ['other.school.test/after-a-redirect - Chromium', 'address'],
  ['New Tab - Chromium', 'none'],
  ['Untitled - Chromium', 'none'],
  [' - Chromium', 'none'],
  ['', 'none'],
  ['Chromium', 'none'],
])('a window called "%s" shows a title of kind %s', (title, expected) => {
  expect(kind(title, SITE, 'https://other.school.test/after-a-redirect')).toBe(expected);
});
