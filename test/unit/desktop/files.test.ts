import { expect, test } from 'vitest';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import { type FilesTold, fileLimits, filesComplaints } from '../../../src/desktop/files.ts';
import { hearFiles } from '../../../src/pool/hear-files.ts';
import type { LedgerEvent } from '../../../src/pool/ledger.ts';
import { Roster } from '../../../src/pool/roster.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const told = (level: FilesTold['level'], heardAt: number, ended: string[] = []): FilesTold => ({
  ...{ level, heardAt, ended, percent: 107, workspaceMb: 1_100, homeMb: 40, files: 300, limitMb: 1_024, hard: false },
});
const container = (name: string) => ({
  ...{ containerId: name, name, ip: '10.213.1.7', running: true, createdAt: 0 },
  labels: { worker: 'w', examId: 7, desktopId: 'a', imageId: 'i', template: 't' },
});

function heard(name: string, words: readonly FilesTold[]) {
  const roster = new Roster();
  roster.put(container(name));
  const events: LedgerEvent[] = [];
  const parts = { roster, log: quiet, ledger: { record: (event: LedgerEvent) => void events.push(event) } };
  for (const word of words) hearFiles(parts, name, word);
  return { desktop: roster.get(name) as Desktop, events };
}

test('without a limit a file ends at 2 GB; with one it ends there, but the browser’s own files have some room', () => {
  expect(fileLimits(0)).toEqual({ workspaceMb: undefined, homeMb: undefined, fileMb: 2_048 });
  expect(fileLimits(1_024)).toEqual({ workspaceMb: 1_024, homeMb: 1_024, fileMb: 1_024 });
  expect(fileLimits(64)).toEqual({ workspaceMb: 64, homeMb: 512, fileMb: 512 });
});

test('what a student’s desktop tells of his files is shown, and is history when there is something to tell', () => {
  const { desktop, events } = heard('exam_7_u42', [
    told('fine', 1),
    told('near', 2),
    told('near', 2),
    told('over', 3, ['a.out']),
    told('fine', 4),
  ]);
  expect(desktop.files).toMatchObject({ level: 'fine', heardAt: 4 });
  expect(events.map((event) => event.kind === 'files' && [event.at, event.level, event.ended])).toEqual([
    [2, 'near', []],
    [3, 'over', ['a.out']],
    [4, 'fine', []],
  ]);
});

test('a clock that was set back makes nothing unheard', () => {
  expect(heard('exam_7_u42', [told('full', 5_000), told('fine', 1_000)]).desktop.files?.level).toBe('fine');
});

test('a desktop in a pool is nobody’s history', () => {
  expect(heard('exam_7_pool_a', [told('near', 2)]).events).toEqual([]);
});

test('the operator hears of a student who can save no more, by name, not of one with little room left', () => {
  const complaints = (level: FilesTold['level']) => filesComplaints([heard('exam_7_u42', [told(level, 2)]).desktop]);
  expect(complaints('near')).toEqual([]);
  expect(complaints('full')).toEqual([expect.stringMatching(/^exam_7_u42: .*107 %.*1100 MB/)]);
  expect(complaints('over')).toHaveLength(1);
});
