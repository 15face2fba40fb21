import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const TRIES = new URL('../../../exam-linux/root/usr/lib/exam/tries.sh', import.meta.url).pathname;

const isAllowed = (name: string, domains: string): boolean =>
  execFileSync(
    'bash',
    ['-c', 'ALLOWED_DOMAINS=$2; . "$0"; if name_is_allowed "$1"; then echo yes; fi', TRIES, name, domains],
    {
      encoding: 'utf8',
    },
  ).trim() === 'yes';

// A name that the lock rightly opens, tried as a forbidden one, would put every desktop into quarantine.
test.each([
  ['example.com', 'example.com', true],
  ['example.com', '*.example.com', true],
  ['below.example.com', '*.example.com', true],
  ['example.com', 'other.test *.EXAMPLE.com', true],
  ['below.example.com', 'example.com', false],
  ['example.com', 'below.example.com', false],
  ['notexample.com', '*.example.com', false],
  ['example.com', '', false],
])('the probe takes %s for allowed by "%s": %s', (name, domains, allowed) => {
  expect(isAllowed(name, domains)).toBe(allowed);
});
