import { expect, test } from 'vitest';
import { isDatabaseAway } from '../../../src/postgres/away.ts';

const failed = (code: string) => Object.assign(new Error('it failed'), { code });

test.each(['57P01', '57P05', '25P03', '53300', '08006', 'ECONNREFUSED'])('%s is the database’s being away', (code) => {
  expect(isDatabaseAway(failed(code))).toBe(true);
});

test.each(['23505', '22021', '57014', '25P02'])('%s is the query’s own fault', (code) => {
  expect(isDatabaseAway(failed(code))).toBe(false);
});
