import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../../exam-linux/', import.meta.url);
const SCRIPT = new URL('build/packages.sh', folder).pathname;
const PARTS = ['WITH_CPP', 'WITH_PYTHON', 'WITH_JAVA', 'WITH_GEANY'];
const whole = { ...Object.fromEntries(PARTS.map((part) => [part, 'true'])), WITH_IDE: 'none' };

const list = (args: Record<string, string>): string[] =>
  execFileSync('bash', [SCRIPT, 'list'], { env: { PATH: process.env.PATH ?? '', ...args }, encoding: 'utf8' })
    .trim()
    .split('\n');

test.each([
  ['WITH_CPP', ['gcc', 'g++', 'gdb', 'make', 'libc6-dev']],
  ['WITH_PYTHON', ['python3']],
  ['WITH_JAVA', ['openjdk-17-jdk']],
  ['WITH_GEANY', ['geany']],
])('%s=false leaves out exactly %j', (part, packages) => {
  const without = list({ ...whole, [part]: 'false' });
  expect(list(whole).filter((name) => !without.includes(name))).toEqual(packages);
});

test('WITH_IDE=codeblocks adds it; an unknown one stops the build and names those that there are', () => {
  expect(list({ ...whole, WITH_IDE: 'codeblocks' })).toEqual([...list(whole), 'codeblocks']);
  const run = spawnSync('bash', [SCRIPT, 'list'], {
    env: { PATH: process.env.PATH ?? '', ...whole, WITH_IDE: 'vscode' },
  });
  expect([run.status, run.stderr.toString()]).toEqual([1, expect.stringContaining('use none or codeblocks')]);
});

test('a value that is neither true nor false stops the build: a part would be missing without a word', () => {
  const run = spawnSync('bash', [SCRIPT, 'list'], {
    env: { PATH: process.env.PATH ?? '', ...whole, WITH_JAVA: 'yes' },
  });
  expect([run.status, run.stderr.toString()]).toEqual([1, expect.stringContaining('WITH_JAVA=yes')]);
});

test('the Dockerfile takes each of them, and what leads out of the desktop is in no list', () => {
  const dockerfile = readFileSync(new URL('Dockerfile', folder), 'utf8');
  for (const part of [...PARTS, 'WITH_IDE']) expect(dockerfile).toContain(`ARG ${part}=`);
  const leadsOut = [
    'wget',
    'openssh-client',
    'netcat-openbsd',
    'socat',
    'telnet',
    'tmux',
    'screen',
    'git',
    'firefox-esr',
    'sudo',
  ];
  expect(list(whole).filter((name) => leadsOut.includes(name))).toEqual([]);
});
