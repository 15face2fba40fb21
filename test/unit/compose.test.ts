import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');

// Descriptors in flight are counted per user, over all containers: as uid 1000, a student's, guacd answered nobody any more
// while one student had his own share used up.
test('no guacd is a student to the kernel', () => {
  const guacd = /^x-guacd: &guacd\n(?: {2}.*\n|\n)+/m.exec(compose)?.[0] ?? '';
  const uid = Number(/^ {2}user: "(\d+):/m.exec(guacd)?.[1]);
  expect(uid).toBeGreaterThan(0);
  expect(uid).not.toBe(1000);
  expect(guacd).toContain(`/home/guacd:uid=${uid},gid=${uid},`);
  expect(compose.match(/^ {2}worker_guacd.*:\n {4}<<: \*guacd$/gm)).toHaveLength(8);
});

test('each guacd has an address of its own, all among those that a desktop lets speak RDP to it', () => {
  const services = compose.match(/^ {2}worker_guacd.*:\n(?: {4}.*\n)+/gm) ?? [];
  const last = services.map((service) => Number(/ipv4_address: "\S+\.0\.(\d+)"/.exec(service)?.[1]));
  expect(last).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
});
