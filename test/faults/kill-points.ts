import { setTimeout as pause } from 'node:timers/promises';
import type { Trap } from '../rig/line.ts';
import type { Seeded } from '../seeded.ts';
import { EXAM } from './invariants.ts';
import { COLD_EXAM, type Fault, handsIn, type Lines, lost, type Scene } from './scene.ts';

const REACHED_MS = 20_000;

/** A request that the worker sends inside a call. */
interface Point {
  readonly words: string;
  readonly line: keyof Lines;
  readonly request: RegExp;
}

const engine = (words: string, request: RegExp): Point => ({ words, line: 'engine', request });
const redis = (words: string, request: RegExp): Point => ({ words, line: 'redis', request });

const RENAME = engine('rename', /^POST \S*\/rename/);
const KEPT = engine('files kept', /^POST \S*\/rename\?name=exam_\d+_u\d+_kept_/);
// Not a carrier's.
const CREATE = engine('create', /^POST \S*\/containers\/create\?name=exam_\d+_(pool_|u\d+ )/);
const SECRETS = engine('secrets put in', /^PUT \S*\/archive/);
const START = engine('start', /^POST \S*\/start/);
const REMOVE = engine('remove', /^DELETE \S*\/containers\//);
const LIST = engine('list', /^GET \S*\/containers\/json/);
const SESSION = redis('session written', /\r\nset\r\n\$\d+\r\nvdi:session:/i);
const NO_SESSION = redis('session taken out', /\r\ndel\r\n\$\d+\r\nvdi:session:/i);
const LEFT = redis('taken from the pool’s list', /\r\nsrem\r\n\$\d+\r\nvdi:pool:/i);
const ASKED = redis('level written', /\r\nset\r\n\$\d+\r\nvdi:asked/i);

/** A call, the requests inside it, and what its caller and the exam do after the crash. */
interface Operation {
  readonly words: string;
  readonly points: readonly Point[];
  readonly picked: number;
  /** @param userId a student who was never here */
  prepare?(scene: Scene, userId: number): Promise<void>;
  call(scene: Scene, userId: number): Promise<void>;
  after(scene: Scene, userId: number): Promise<void>;
}

function allocating(words: string, examId: number, points: readonly Point[], picked: number): Operation {
  return {
    words,
    points,
    picked,
    call: ({ rig }, userId) => lost(rig, 'allocate', { examId, userId }),
    after: ({ invariants }, userId) => invariants.seat(userId, examId),
  };
}

const OPERATIONS: readonly Operation[] = [
  allocating('allocate', EXAM, [RENAME, SESSION, LEFT], 3),
  allocating('allocate without a pool', COLD_EXAM, [CREATE, SECRETS, START, RENAME], 4),
  {
    words: 'release',
    // His files stay here; the walk's go with him, and with crashes in the middle of it.
    points: [KEPT, REMOVE, NO_SESSION],
    picked: 4,
    prepare: ({ invariants }, userId) => invariants.seat(userId),
    call: ({ rig }, userId) => lost(rig, 'release', { examId: EXAM, userId }),
    after: async () => undefined,
  },
  {
    words: 'prewarm',
    points: [ASKED, CREATE, SECRETS, START],
    picked: 4,
    call: ({ rig, warm }) => lost(rig, 'prewarm', { examId: EXAM, count: warm + 2 }),
    after: ({ rig, warm }) => lost(rig, 'prewarm', { examId: EXAM, count: warm }),
  },
  {
    words: 'reconcile',
    points: [LIST, REMOVE, CREATE, SECRETS, START],
    picked: 5,
    // Killed by hand: a dead one to remove, one to make in its place.
    call: async ({ rig }) => {
      const warm = (await rig.desktops()).find(({ Names }) => Names[0]?.includes('_pool_'));
      if (!warm) throw new Error('no warm desktop to kill');
      await rig.docker.getContainer(warm.Id).kill();
      await lost(rig, 'reconcile', {});
    },
    after: async () => undefined,
  },
];

const QUICK = new Set(['allocate', 'release', 'reconcile']);

/** The worker killed at twenty moments, each one of the requests that a call consists of: before it, or when it is done. */
export function killPoints(random: Seeded): Fault[] {
  return OPERATIONS.flatMap((operation) => {
    const all = operation.points.flatMap((point) =>
      (['before', 'after'] as const).map((side) => ({ point, side, nth: 1 })),
    );
    // Both students' desktops of one prewarm are made in one go: the crash may come in the second.
    const more = operation.words === 'prewarm' ? all.map((each) => ({ ...each, nth: 2 })).filter(isMade) : [];
    return shuffled([...all, ...more], random)
      .slice(0, operation.picked)
      .map((picked, index) => ({
        ...killedAt(operation, picked.point, picked),
        quick: index === 0 && QUICK.has(operation.words),
      }));
  });
}

const isMade = ({ point }: { point: Point }): boolean => point !== ASKED;

function killedAt(operation: Operation, point: Point, { side, nth }: Omit<Trap, 'request'>): Fault {
  const which = nth > 1 ? ` (${nth}nd)` : '';
  return {
    name: `worker killed in ${operation.words}, ${side} ${point.words}${which}`,
    act: async (scene) => {
      const { rig, lines } = scene;
      await trimPools(scene);
      const userId = scene.newcomer();
      await operation.prepare?.(scene, userId);
      const line = lines[point.line];
      const killed = new Promise<true>((resolve, reject) => {
        line.set({ request: point.request, nth, side }, () => {
          rig.stopWorker('SIGKILL').then(() => resolve(true), reject);
        });
      });
      const call = operation.call(scene, userId);
      const reached = await Promise.race([killed, pause(REACHED_MS)]);
      line.unset();
      if (!reached) throw new Error('the call never came to this point');
      await call;
      await rig.startWorker();
      await operation.after(scene, userId);
      for (const examId of [EXAM, COLD_EXAM]) await handsIn(scene, userId, examId);
    },
  };
}

/** What earlier crashes left over in the pools stays for two minutes: with it there, a call would have nothing to do. */
async function trimPools({ rig, invariants, warm }: Scene): Promise<void> {
  const all = await rig.desktops();
  const pooled = (examId: number) => all.filter(({ Names }) => Names[0]?.startsWith(`/exam_${examId}_pool_`));
  const surplus = [...pooled(EXAM).slice(warm), ...pooled(COLD_EXAM)];
  for (const { Id } of surplus) await rig.docker.getContainer(Id).remove({ force: true, v: true });
  if (surplus.length > 0) await invariants.settled();
}

function shuffled<T>(items: readonly T[], random: Seeded): T[] {
  return items
    .map((item) => ({ item, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
