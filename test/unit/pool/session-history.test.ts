import { expect, test } from 'vitest';
import type { WorkerEntry } from '../../../src/pool/ledger.ts';
import { entriesOf, sessionsOf } from '../../../src/pool/session-history.ts';

const seat = { examId: 7, userId: 42 };
const pooled = { containerId: 'c1', name: 'exam_7_pool_d1', desktopId: 'd1', examId: 7 };
const seated = { ...pooled, name: 'exam_7_u42', userId: 42 };
const base = { worker: 'w1' };
const entries: WorkerEntry[] = [
  { ...base, id: '1', seq: 1, kind: 'desktop-made', at: 1_000, desktop: pooled, imageId: 'i', template: 't' },
  { ...base, id: '2', seq: 2, kind: 'proof-good', at: 2_000, desktop: pooled, record: { ok: true } },
  { ...base, id: '3', seq: 3, kind: 'session-began', at: 3_000, desktop: seated, source: 'pool' },
  { ...base, id: '4', seq: 4, kind: 'session-began', at: 4_000, desktop: seated, source: 'adopted' },
  { ...base, id: '5', seq: 5, kind: 'session-ended', at: 5_000, desktop: seated, why: 'released' },
  {
    ...base,
    id: '6',
    seq: 6,
    kind: 'session-began',
    at: 6_000,
    desktop: { ...seated, containerId: 'c2', userId: 43 },
    source: 'cold',
  },
  { ...base, id: '7', seq: 7, kind: 'events-dropped', at: 7_000, count: 1, first: 1, last: 1 },
];

test('a session has all of its desktop’s life, the proof in the pool too, each thing once, in order', () => {
  const [session, ...others] = sessionsOf([...entries].reverse().concat(entries), seat);
  expect(others).toEqual([]);
  expect(session).toEqual({
    worker: 'w1',
    containerId: 'c1',
    containerName: 'exam_7_u42',
    source: 'pool',
    beganAt: '1970-01-01T00:00:03.000Z',
    endedAt: '1970-01-01T00:00:05.000Z',
    endReason: 'released',
    events: [
      { at: '1970-01-01T00:00:01.000Z', kind: 'desktop-made', imageId: 'i', template: 't' },
      { at: '1970-01-01T00:00:02.000Z', kind: 'proof-good', record: { ok: true } },
      { at: '1970-01-01T00:00:03.000Z', kind: 'session-began', source: 'pool' },
      { at: '1970-01-01T00:00:05.000Z', kind: 'session-ended', why: 'released' },
    ],
  });
});

test('what a worker that started anew hears again of a desktop is in the history once', () => {
  const files = {
    kind: 'files',
    level: 'near',
    percent: 81,
    workspaceMb: 830,
    homeMb: 9,
    files: 99,
    limitMb: 1024,
  } as const;
  const heard = { ...base, ...files, hard: false, ended: [], at: 4_500, desktop: seated };
  const again = [
    ...entries,
    { ...heard, id: '8', seq: 8 },
    { ...heard, id: '9', seq: 9 },
    { ...heard, id: 'a', seq: 10, at: 4_600 },
  ];
  const kinds = sessionsOf(again, seat)[0]?.events.filter((event) => Reflect.get(event, 'kind') === 'files');
  expect(kinds).toHaveLength(2);
});

test('two watches of one proctor that end in the same moment are two', () => {
  const watched = { kind: 'watch-ended', watcherId: 90, watcher: 'proctor90', role: 'PROCTOR', seconds: 0 } as const;
  const both = ['8', '9'].map((id, n) => ({ ...base, ...watched, at: 4_500, desktop: seated, id, seq: 8 + n }));
  const events = sessionsOf([...entries, ...both], seat)[0]?.events ?? [];
  expect(events.filter((event) => Reflect.get(event, 'kind') === 'watch-ended')).toHaveLength(2);
});

test('one container’s name on two workers is two sessions', () => {
  const there = entries.slice(2, 3).map((entry) => ({ ...entry, id: 'x', worker: 'w2' }));
  expect(sessionsOf([...entries, ...there], seat).map(({ worker, endedAt }) => [worker, endedAt !== null])).toEqual([
    ['w1', true],
    ['w2', false],
  ]);
});

test('of many entries only the student’s desktops’ are taken, from before he sat there too', async () => {
  async function* all() {
    yield* entries;
  }
  expect((await entriesOf(all, seat)).map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5']);
});
