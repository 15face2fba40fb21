import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');

// Descriptors in flight are counted per user, over all containers: as uid 1000, a student's, guacd answered nobody any more
// while one student had his own share used up.
test('guacd is no student to the kernel', () => {
  const guacd = /^ {2}worker_guacd:\n(?: {4}.*\n|\n)+/m.exec(compose)?.[0] ?? '';
  const uid = Number(/^ {4}user: "(\d+):/m.exec(guacd)?.[1]);
  expect(uid).toBeGreaterThan(0);
  expect(uid).not.toBe(1000);
  expect(guacd).toContain(`/home/guacd:uid=${uid},gid=${uid},`);
});
