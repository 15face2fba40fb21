import { expect, test } from 'vitest';
import { ownServices } from '../../../src/host/own-services.ts';

test('a service of our own is who is at the address of its name, and nobody else', async () => {
  const isOwn = ownServices(['localhost'], () => 0);
  expect([await isOwn('127.0.0.1'), await isOwn('127.0.0.2'), await isOwn('')]).toEqual([true, false, false]);
});

test('a name that is none lets nobody in', async () => {
  expect(await ownServices(['not a name'], () => 0)('127.0.0.1')).toBe(false);
});
