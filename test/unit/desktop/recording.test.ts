import { describe, expect, test } from 'vitest';
import {
  bytesOf,
  parseRecordingFile,
  recordingFile,
  recordingsToRemove,
  type StoredRecording,
} from '../../../src/desktop/recording.ts';
import { forSeeds } from '../../seeded.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 23, 10);
const ID = 'abcdef012345'.padEnd(64, '9');
const stored = (session: string, hoursAgo: number, bytes: number): StoredRecording => ({
  ...(parseRecordingFile(recordingFile({ examId: 7, userId: 42 }, session, NOW - hoursAgo * HOUR)) as StoredRecording),
  bytes,
  written: NOW - hoursAgo * HOUR,
});
const going = (all: StoredRecording[], running: string[], totalBytes: number, keepHours = 72) =>
  recordingsToRemove(all, new Set(running), { totalBytes, keepMs: keepHours * HOUR }, NOW).map(
    ({ recording, why }) => [recording.session, why] as const,
  );
const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(12)) as [string, string, string];

describe('a recording’s file', () => {
  test('tells whose session it is and when it began', () => {
    const file = recordingFile({ examId: 7, userId: 42 }, ID, NOW);
    expect(file).toBe('exam_7_u42_20261123T100000000Z_abcdef012345.guac');
    expect(parseRecordingFile(file)).toEqual({
      file,
      seat: { examId: 7, userId: 42 },
      session: 'abcdef012345',
      began: NOW,
    });
  });
  test.each(['', 'lost+found', 'notes.txt', 'exam_7_u42.guac', '../exam_7_u42_20261123T100000000Z_abcdef012345.guac'])(
    '%j is none of ours, and is left alone',
    (file) => {
      expect(parseRecordingFile(file)).toBeUndefined();
    },
  );
});

describe('which recordings go', () => {
  test('those older than the time they are kept, whatever room there is', () => {
    expect(going([stored(A, 80, 1), stored(B, 71, 1)], [], 1000)).toEqual([[A, 'age']]);
  });
  test('the oldest, for as long as all are too large together', () => {
    expect(going([stored(C, 1, 40), stored(A, 3, 40), stored(B, 2, 40)], [], 80)).toEqual([[A, 'total']]);
  });
  test('what goes for its age makes room first', () => {
    expect(going([stored(A, 80, 50), stored(B, 2, 40), stored(C, 1, 40)], [], 80)).toEqual([[A, 'age']]);
  });
  test('none of a session that goes on, however old or large', () => {
    expect(going([stored(A, 80, 500), stored(B, 2, 40)], [A], 100)).toEqual([[B, 'total']]);
  });
  test('in any case: too old goes, running stays, and what stays fits unless it all runs', () =>
    forSeeds(300, (random) => {
      const all = Array.from({ length: random.whole(0, 12) }, (_, index) =>
        stored(index.toString(16).repeat(12), random.whole(0, 100), random.whole(0, 50)),
      );
      const running = all.filter(() => random.whole(0, 2) === 0).map(({ session }) => session);
      const total = random.whole(0, 200);
      const gone = new Set(going(all, running, total).map(([session]) => session));
      const left = all.filter(({ session }) => !gone.has(session));
      for (const session of running) expect(gone.has(session)).toBe(false);
      const over = left.filter(({ session }) => !running.includes(session));
      for (const { written } of over) expect(NOW - written).toBeLessThanOrEqual(72 * HOUR);
      if (over.length > 0) expect(bytesOf(left)).toBeLessThanOrEqual(total);
    }));
});
