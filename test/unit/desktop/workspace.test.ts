import { describe, expect, test } from 'vitest';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import { parseName } from '../../../src/desktop/names.ts';
import {
  type Carrier,
  type InSession,
  keptName,
  lostName,
  parseCarrierName,
  planWorkspaces,
  type Workspaced,
  workName,
} from '../../../src/desktop/workspace.ts';

const HOUR = 3_600_000;
const NOW = 1_800_000_000_000;
const seat = { examId: 7, userId: 42 };
const session: InSession = { seat, volume: 'v1', desktopId: 'ab', imageId: 'sha256:one' };

const desktop = (name: string, volume?: string): Desktop => {
  const place = parseName(name);
  if (!place) throw new Error(name);
  const labels = { worker: 'w', examId: 7, desktopId: 'ab', imageId: 'sha256:one', template: 't' };
  return { containerId: `c-${name}`, name, place, labels, ip: '10.0.0.1', state: 'warm', createdAt: 0, volume };
};
const carrier = (name: string, volume = 'v1'): Carrier => {
  const said = parseCarrierName(name);
  if (!said) throw new Error(name);
  return { ...said, containerId: `k-${name}`, name, volume };
};
const steps = (facts: Partial<Workspaced>) =>
  planWorkspaces({ desktops: [], carriers: [], seated: new Map(), lost: [], keepMs: HOUR, ...facts }, NOW).map(
    ({ kind, name }) => `${kind} ${name}`,
  );
const seated = new Map([['v1', session]]);
const work = carrier(workName(seat, 'ab'));
const kept = (ms: number): Carrier => carrier(keptName(seat, 'ab', NOW - ms));

describe('a carrier’s name', () => {
  test('says all that is known, and is no desktop’s', () => {
    expect(parseCarrierName(work.name)).toEqual({ examId: 7, desktopId: 'ab', seat });
    expect(parseCarrierName(keptName(seat, 'ab', NOW))).toEqual({ examId: 7, desktopId: 'ab', seat, keptSince: NOW });
    expect(parseCarrierName(lostName(7, 'ab', NOW))).toEqual({ examId: 7, desktopId: 'ab', keptSince: NOW });
    for (const name of [work.name, keptName(seat, 'ab', NOW), lostName(7, 'ab', NOW)])
      expect(parseName(name), name).toBeUndefined();
  });

  test.each(['exam_7_u42', 'exam_7_pool_ab', 'exam_7_u42_kept_ab', 'exam_0_u1_work_ab', 'other'])(
    '%s is none',
    (name) => expect(parseCarrierName(name)).toBeUndefined(),
  );
});

describe('students’ files', () => {
  test('in use get a carrier, once', () => {
    const desktops = [desktop('exam_7_u42', 'v1')];
    expect(steps({ desktops, seated })).toEqual(['carry exam_7_u42']);
    expect(steps({ desktops, seated, carriers: [work] })).toEqual([]);
  });

  test('whose release was cut short are in use again', () => {
    expect(steps({ desktops: [desktop('exam_7_u42', 'v1')], seated, carriers: [kept(9 * HOUR)] })).toEqual([
      'carry exam_7_u42',
    ]);
  });

  test('without their desktop bring a new one where the session was seen, else they are kept', () => {
    expect(steps({ seated, carriers: [work] })).toEqual(['restore exam_7_u42']);
    expect(steps({ carriers: [work] })).toEqual(['keep exam_7_u42']);
    expect(steps({ seated, carriers: [work], desktops: [desktop('exam_7_u42', 'v2')] })).toEqual(['keep exam_7_u42']);
  });

  test('whose desktop vanished before they had a carrier get one', () => {
    expect(steps({ seated })).toEqual(['carry exam_7_u42']);
  });

  test('go after their time, not before, and never while a desktop has them', () => {
    expect(steps({ carriers: [kept(HOUR - 1)] })).toEqual([]);
    expect(steps({ carriers: [kept(HOUR)] })).toEqual([`expire ${kept(HOUR).name}`]);
    expect(steps({ carriers: [kept(9 * HOUR)], desktops: [desktop('exam_7_u42', 'v1')] })).toEqual([]);
    const lost = carrier(lostName(7, 'ab', NOW - HOUR));
    expect(steps({ carriers: [lost] })).toEqual([`expire ${lost.name}`]);
  });

  test('of nobody are kept as long; a pool’s are nobody’s affair', () => {
    expect(steps({ lost: [{ volume: 'v9', examId: 7, desktopId: 'cd' }] })).toEqual(['find v9']);
    expect(steps({ desktops: [desktop('exam_7_pool_ab', 'v1')] })).toEqual([]);
  });
});
