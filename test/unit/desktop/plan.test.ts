import { describe, expect, test } from 'vitest';
import type { Desktop, DesktopState } from '../../../src/desktop/desktop.ts';
import { type Place, poolName, seatName } from '../../../src/desktop/names.ts';
import { countPools, plan, type Snapshot, type Step, SURPLUS_GRACE_MS } from '../../../src/desktop/plan.ts';
import { forSeeds, type Seeded } from '../../seeded.ts';

const NOW = 1_800_000_000_000;
const OLD = SURPLUS_GRACE_MS + 1;

interface Odd {
  readonly id?: string;
  readonly examId?: number;
  readonly userId?: number;
  readonly state?: DesktopState;
  readonly imageId?: string;
  readonly template?: string;
  readonly age?: number;
  /** Its exam's own page, where it has one. */
  readonly page?: string;
}

function desktop(odd: Odd = {}): Desktop {
  const { id = 'a', examId = 7, userId, state = 'warm', imageId = 'now', template = 'now', age = 0, page } = odd;
  const place: Place = userId === undefined ? { kind: 'pool', examId, id } : { kind: 'seat', seat: { examId, userId } };
  return {
    containerId: `c-${id}`,
    name: place.kind === 'pool' ? poolName(examId, id) : seatName(place.seat),
    place,
    labels: {
      worker: 'w',
      examId,
      desktopId: id,
      imageId,
      template,
      ...(page ? { overrides: { EXAM_BROWSER_URL: page } } : {}),
    },
    ip: '10.213.1.1',
    state,
    createdAt: NOW - age,
  };
}

function snapshot(desktops: Desktop[], maxDesktops = 4, imageId: string | undefined = 'now'): Snapshot {
  return {
    desktops,
    maxDesktops,
    imageId,
    template: 'now',
    strayVolumes: [],
    overrides: new Map(),
    promised: new Map(),
    isDraining: false,
  };
}

const short = (step: Step): string => {
  if (step.kind === 'make') return `make ${step.examId}`;
  if (step.kind === 'discard') return `discard ${step.volume}`;
  return `${step.kind} ${step.containerId}${'why' in step ? ` ${step.why}` : ''}`;
};
const steps = (desktops: Desktop[], wanted: [number, number][], max?: number) =>
  plan(snapshot(desktops, max), new Map(wanted), NOW).map(short);

describe('plan', () => {
  test.each<[string, Desktop[], [number, number][], string[]]>([
    ['nothing asked, nothing there: nothing to do', [], [], []],
    ['what is asked for is made', [], [[7, 2]], ['make 7', 'make 7']],
    ['never more than the host has slots', [], [[7, 9]], ['make 7', 'make 7', 'make 7', 'make 7']],
    [
      'slots are shared in the order of asking',
      [],
      [
        [7, 3],
        [8, 3],
      ],
      ['make 7', 'make 7', 'make 7', 'make 8'],
    ],
    ['one that is starting counts as there', [desktop({ state: 'starting' })], [[7, 1]], []],
    ['one in use does not: the pool is refilled', [desktop({ userId: 1 })], [[7, 1]], ['make 7']],
    ['one in use takes a slot', [1, 2, 3].map((userId) => desktop({ id: `s${userId}`, userId })), [[7, 5]], ['make 7']],
    [
      'another exam’s does not count',
      [desktop({ examId: 8 })],
      [
        [7, 1],
        [8, 1],
      ],
      ['make 7'],
    ],
    [
      'a stopped one is removed and replaced',
      [desktop({ state: 'stopped' })],
      [[7, 1]],
      ['remove c-a stopped', 'make 7'],
    ],
    ['a failed one is removed and replaced', [desktop({ state: 'failed' })], [[7, 1]], ['remove c-a failed', 'make 7']],
    ['one of an old image is replaced by one made beside it', [desktop({ imageId: 'old' })], [[7, 1]], ['make 7']],
    ['one of old settings of the worker too', [desktop({ template: 'old' })], [[7, 1]], ['make 7']],
    [
      'one of other settings of its exam serves nobody',
      [desktop({ page: 'other' })],
      [[7, 1]],
      ['remove c-a stale', 'make 7'],
    ],
    [
      'an old one that has not come up serves nobody',
      [desktop({ imageId: 'old', state: 'starting' })],
      [[7, 1]],
      ['remove c-a stale', 'make 7'],
    ],
    ['an old one that nobody asked for goes', [desktop({ imageId: 'old' })], [], ['remove c-a stale']],
    ['one nobody asked for goes after the grace', [desktop({ age: OLD })], [], ['remove c-a surplus']],
    ['and not before: its student may try again', [desktop({ age: SURPLUS_GRACE_MS })], [], []],
    [
      'the oldest are kept: they are warm',
      [desktop({ age: OLD }), desktop({ id: 'b', age: 2 * OLD })],
      [[7, 1]],
      ['remove c-a surplus'],
    ],
    ['a ready one is held', [desktop({ state: 'ready' })], [[7, 1]], ['hold c-a']],
    ['a student’s too', [desktop({ state: 'ready', userId: 1 })], [], ['hold c-a']],
    ['one that goes is not held first', [desktop({ state: 'ready', imageId: 'old' })], [], ['remove c-a stale']],
    [
      'a student’s stopped desktop is started again',
      [desktop({ userId: 1, state: 'stopped', age: OLD })],
      [],
      ['restart c-a'],
    ],
    ['a student’s failed desktop stays', [desktop({ userId: 1, state: 'failed', age: OLD })], [], []],
    ['a student’s desktop stays when the image is rebuilt', [desktop({ userId: 1, imageId: 'old', age: OLD })], [], []],
    ['a student’s desktop stays when the settings change', [desktop({ userId: 1, template: 'old', age: OLD })], [], []],
  ])('%s', (_rule, desktops, wanted, expected) => {
    expect(steps(desktops, wanted)).toEqual(expected);
  });

  test('a drained worker empties its pools and makes none; who is at work stays', () => {
    const desktops = [
      desktop(),
      desktop({ id: 'b', state: 'starting' }),
      desktop({ id: 'c', userId: 1, state: 'stopped' }),
    ];
    const told = plan({ ...snapshot(desktops), isDraining: true }, new Map([[7, 3]]), NOW).map(short);
    expect(told).toEqual(['remove c-a drained', 'remove c-b drained', 'restart c-c']);
  });

  test('while the engine does not know the image nothing counts as stale', () => {
    expect(plan({ ...snapshot([desktop({ imageId: 'old' })]), imageId: undefined }, new Map([[7, 1]]), NOW)).toEqual(
      [],
    );
  });

  test('a host for none makes none', () => expect(steps([], [[7, 3]], 0)).toEqual([]));

  test('laws: none in use is removed, slots are kept, and done is done', () =>
    forSeeds(5_000, (random) => {
      const before = anySnapshot(random);
      const wanted = new Map([7, 8, 9].filter(() => random.chance(0.7)).map((examId) => [examId, random.whole(0, 5)]));
      const told = plan(before, wanted, NOW);
      const ids = told.flatMap((step) => ('containerId' in step ? [step.containerId] : []));
      expect(new Set(ids).size, 'one step per desktop').toBe(ids.length);
      const inUse = new Set(
        before.desktops.filter(({ place }) => place.kind === 'seat').map((each) => each.containerId),
      );
      for (const step of told) if (step.kind === 'remove') expect(inUse.has(step.containerId)).toBe(false);
      const after = done(before, told);
      const made = told.filter((step) => step.kind === 'make').length;
      if (made > 0) expect(after.desktops.length).toBeLessThanOrEqual(before.maxDesktops);
      for (const [examId, count] of wanted) {
        const pooled = after.desktops.filter((each) => each.place.kind === 'pool' && each.labels.examId === examId);
        const room = after.maxDesktops - after.desktops.length;
        if (pooled.length < count) expect(room).toBeLessThanOrEqual(0);
      }
      // A new desktop that is held now lets an old one go.
      const next = plan(after, wanted, NOW);
      if (!told.some(({ kind }) => kind === 'hold')) expect(next).toEqual([]);
      expect(plan(done(after, next), wanted, NOW)).toEqual([]);
      expect(plan(before, wanted, NOW), 'same input, same steps').toEqual(told);
    }));
});

describe('a rebuilt image rolls over the free desktops', () => {
  const old = (id: string, age = 0) => desktop({ id, imageId: 'old', age });
  const ready = (id: string, age = 0) => desktop({ id, imageId: 'old', age, state: 'ready' });
  const fresh = (id: string, state: DesktopState = 'warm') => desktop({ id, state });

  test.each<[string, Desktop[], number, string[]]>([
    ['one beside them first', [old('a'), old('b')], 4, ['make 7']],
    ['none more while it comes up', [old('a'), old('b'), fresh('c', 'starting')], 4, []],
    ['and none goes before it is held', [old('a'), old('b'), fresh('c', 'ready')], 4, ['hold c-c']],
    [
      'but where guacd is away, none is',
      [ready('a'), ready('b', 9), fresh('c', 'ready')],
      4,
      ['remove c-b stale', 'hold c-a', 'hold c-c', 'make 7'],
    ],
    [
      'when it is there the oldest goes, and the next is made',
      [old('a'), old('b', 9), fresh('c')],
      4,
      ['remove c-b stale', 'make 7'],
    ],
    ['the last one', [old('b'), fresh('c'), fresh('d')], 4, ['remove c-b stale']],
    ['without room one is given up for its replacement', [old('a', 9), old('b')], 2, ['remove c-a stale', 'make 7']],
    ['and no second before that has come', [old('b'), fresh('c', 'starting')], 2, []],
    [
      'one that failed instead costs no second one',
      [old('b'), desktop({ id: 'c', state: 'failed' })],
      2,
      ['remove c-c failed', 'make 7'],
    ],
  ])('%s', (_rule, desktops, max, expected) => expect(steps(desktops, [[7, 2]], max)).toEqual(expected));

  test('two exams: one replacement at a time on the worker, and a full host gives no exam’s slot to the other', () => {
    const both = [old('a'), desktop({ id: 'b', examId: 8, imageId: 'old' })];
    const wanted: [number, number][] = [
      [8, 2],
      [7, 1],
    ];
    expect(steps(both, wanted, 2)).toEqual(['remove c-b stale', 'make 8']);
    expect(steps([both[0] as Desktop, desktop({ id: 'c', examId: 8 })], wanted, 2)).toEqual([
      'remove c-a stale',
      'make 7',
    ]);
  });

  test('law: all are new in the end, slots are kept, and a pool never has fewer for students than promised, but for one without room', () =>
    forSeeds(1_000, (random) => {
      const inUse = Array.from({ length: random.whole(0, 3) }, (_, index) =>
        desktop({ id: `u${index}`, userId: index + 1, imageId: 'old' }),
      );
      const exams = [7, 8].map((examId) => ({ examId, count: random.whole(0, 4) }));
      const pools = exams.flatMap(({ examId, count }) =>
        Array.from({ length: count }, (_, index) =>
          desktop({ id: `p${examId}-${index}`, examId, imageId: 'old', age: index }),
        ),
      );
      const max = inUse.length + pools.length + random.whole(0, 2);
      const hasRoom = max > inUse.length + pools.length;
      const wanted = new Map(exams.map(({ examId, count }) => [examId, count]));
      let now = snapshot([...inUse, ...pools], max);
      for (let pass = 0; ; pass++) {
        expect(pass, 'comes to an end').toBeLessThan(60);
        const told = plan(now, wanted, NOW);
        now = done(now, told, `${pass}-`);
        expect(now.desktops.length).toBeLessThanOrEqual(max);
        const serving = (examId: number): number =>
          now.desktops.filter(
            (each) => each.place.kind === 'pool' && each.labels.examId === examId && each.state === 'warm',
          ).length;
        const lacking = exams.map(({ examId, count }) => Math.max(0, count - serving(examId)));
        expect(lacking.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(hasRoom ? 0 : 1);
        const coming = now.desktops.filter((each) => each.state === 'starting');
        if (told.length === 0 && coming.length === 0) break;
        const up = random.chance(0.7);
        now = {
          ...now,
          desktops: now.desktops.map((each) => (up && each.state === 'starting' ? { ...each, state: 'warm' } : each)),
        };
      }
      expect(now.desktops.filter((each) => each.place.kind === 'pool' && each.labels.imageId === 'old')).toEqual([]);
      expect(now.desktops.filter((each) => each.place.kind === 'seat')).toEqual(inUse);
    }));
});

function anySnapshot(random: Seeded): Snapshot {
  const desktops = Array.from({ length: random.whole(0, 10) }, (_, index) =>
    desktop({
      id: `d${index}`,
      examId: random.pick([7, 8, 9]),
      ...(random.chance(0.4) ? { userId: index + 1 } : {}),
      state: random.pick(['starting', 'ready', 'warm', 'failed', 'stopped']),
      imageId: random.pick(['now', 'now', 'old']),
      template: random.pick(['now', 'now', 'now', 'old']),
      age: random.pick([0, 1_000, SURPLUS_GRACE_MS, OLD, 10 * OLD]),
    }),
  );
  const promised = new Map([[random.pick([7, 8]), random.whole(0, 3)]]);
  return { ...snapshot(desktops, random.whole(0, 10)), promised, imageId: random.chance(0.9) ? 'now' : undefined };
}

/** The snapshot after every step was done. */
function done(before: Snapshot, told: readonly Step[], pass = ''): Snapshot {
  const removed = new Set(told.flatMap((step) => (step.kind === 'remove' ? [step.containerId] : [])));
  const held = new Set(told.flatMap((step) => (step.kind === 'hold' ? [step.containerId] : [])));
  const started = new Set(told.flatMap((step) => (step.kind === 'restart' ? [step.containerId] : [])));
  const kept = before.desktops
    .filter((each) => !removed.has(each.containerId))
    .map((each) => (held.has(each.containerId) ? { ...each, state: 'warm' as const } : each))
    .map((each) => (started.has(each.containerId) ? { ...each, state: 'starting' as const } : each));
  const made = told.flatMap((step, index) =>
    step.kind === 'make' ? [desktop({ id: `m${pass}${index}`, examId: step.examId, state: 'starting' })] : [],
  );
  return { ...before, desktops: [...kept, ...made] };
}

test('what is kept for students who are to come back is no surplus, beside what was asked for', () => {
  const desktops = ['a', 'b', 'c'].map((id) => desktop({ id, age: OLD }));
  const left = (promised: number, wanted: number) =>
    plan({ ...snapshot(desktops), promised: new Map([[7, promised]]) }, new Map([[7, wanted]]), NOW).length;
  expect([left(1, 1), left(2, 1), left(0, 0), left(5, 0)]).toEqual([1, 0, 3, 0]);
});

test('the counts tell free from in use, and name every exam that is asked for', () => {
  const desktops = [
    desktop(),
    desktop({ id: 'b', state: 'ready' }),
    desktop({ id: 'c', state: 'starting' }),
    desktop({ id: 'd', state: 'failed' }),
    desktop({ id: 'e', userId: 1 }),
    desktop({ id: 'f', examId: 8, userId: 1, state: 'stopped' }),
  ];
  expect(
    countPools(
      desktops,
      new Map([
        [9, 2],
        [7, 3],
      ]),
    ),
  ).toEqual([
    { examId: 7, wanted: 3, warm: 2, creating: 1, inUse: 1 },
    { examId: 8, wanted: 0, warm: 0, creating: 0, inUse: 1 },
    { examId: 9, wanted: 2, warm: 0, creating: 0, inUse: 0 },
  ]);
});
