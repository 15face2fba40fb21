import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { drainFile } from '../../../src/outbox/drain-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'drain-'));
const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
  vi.clearAllMocks();
});

test('what was said reads back in the next process, the last word only, and nothing else is left', () => {
  const file = drainFile(join(directory, 'new'), log);
  expect(file.load()).toBeUndefined();
  file.save({ draining: false });
  file.save({ draining: true, by: 'call', at: 1, table: false });
  expect(drainFile(join(directory, 'new'), log).load()).toEqual({ draining: true, by: 'call', at: 1, table: false });
  expect(readdirSync(join(directory, 'new'))).toEqual(['drain.json']);
  expect(log.error).not.toHaveBeenCalled();
});

test.each(['', '{', '{"draining":"yes"}'])('a file that says nothing (%j) is told of and counts as none', (text) => {
  drainFile(directory, log).save({ draining: true });
  writeFileSync(join(directory, 'drain.json'), text);
  expect(drainFile(directory, log).load()).toBeUndefined();
  expect(log.error).toHaveBeenCalledOnce();
});

test('where nothing can be written it rises', () => {
  drainFile(directory, log).save({ draining: true });
  expect(() => drainFile(join(directory, 'drain.json', 'below'), log).save({ draining: true })).toThrow(
    /ENOTDIR|EEXIST/,
  );
});
