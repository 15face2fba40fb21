import { setTimeout as pause } from 'node:timers/promises';
import { EXAM } from './invariants.ts';
import type { Scene } from './scene.ts';
import type { WalkCalls } from './walk-calls.ts';
import { MOST_DESKTOPS, WALK } from './walk-cast.ts';
import type { WalkDiary } from './walk-diary.ts';
import type { Walked, WalkStudent } from './walk-student.ts';

const SEATED_MS = 120_000;
const SETTLED_MS = 180_000;
/** The worker keeps what it made for somebody who gave up for two minutes. */
const SURPLUS_MS = 150_000;
const AT_ONCE = 4;
const AGAIN_MS = 500;
const WARM = 2;
/** Fewer, and the walk has shown little. */
const LEAST = { seated: 1 / 4, painted: 1 / 4 };

type Walking = Walked & { readonly students: readonly WalkStudent[]; readonly diary: WalkDiary };

/** All parts are well: every student gets what his last call asked for, and then everything is as it must be. */
export async function endsWell(scene: Scene, walk: Walking, calls: WalkCalls): Promise<void> {
  const { invariants } = scene;
  const { students, diary } = walk;
  const say = (words: string): void => {
    diary.note(words);
    console.log(`… ${words}`);
  };
  say('all is well from here on');
  const wanting = students.filter(({ wants }) => wants);
  for (const examId of WALK.exams) {
    const count = examId === EXAM ? warmBeside(wanting.length) : 0;
    await calls.lost('prewarm', { examId, count });
  }
  const began = performance.now();
  await inGroups(students, AT_ONCE, async (student) => {
    if (student.wants) await untilSeated(student, calls);
    else await calls.release(student, { times: 1, hangUpMs: undefined });
  });
  await invariants.settled(SETTLED_MS);
  say(`everything settled after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  for (const student of students) await expectOf(student, scene);
  const seen = await invariants.painted();
  const held = { seen, ...(await invariants.check(false)) };
  for (const [what, is] of Object.entries(held)) if (is !== true) walk.broken(`${what}: ${is}`);
  await nothingBeside(walk, wanting.length);
  say(`${wanting.length} students sit at their desktops and have their work`);
  hasShownMuch(walk);
}

async function untilSeated(student: WalkStudent, calls: WalkCalls): Promise<void> {
  const end = Date.now() + SEATED_MS;
  for (;;) {
    await calls.allocate(student, { times: 1, hangUpMs: undefined });
    if (student.desktop) return;
    if (Date.now() > end) throw new Error(`all is well, and ${student.name} gets no desktop`);
    await pause(AGAIN_MS);
  }
}

/** What the walk knows of a student becomes what must be so of him. */
async function expectOf(student: WalkStudent, { invariants }: Scene): Promise<void> {
  const { seat, desktop } = student;
  if (!desktop) return invariants.expect(seat, undefined);
  const work = (await student.read()) || ((await student.write()) ? await student.read() : '');
  invariants.expect(seat, { containerId: desktop.containerId, work });
}

/** Surplus of earlier levels goes after its time; then there is a desktop per student, and those asked for. */
async function nothingBeside({ rig, broken }: Walking, seated: number): Promise<void> {
  const wanted = seated + warmBeside(seated);
  let there = 0;
  const isSo = async (): Promise<boolean> => {
    there = (await rig.desktops()).length;
    return there === wanted;
  };
  await rig.until('no desktop too many', isSo, SURPLUS_MS).catch(() => {
    broken(`${there} desktops, where ${seated} students sit and ${wanted - seated} were asked for`);
  });
}

const warmBeside = (seated: number): number => Math.min(WARM, MOST_DESKTOPS - seated);

/** A walk in which hardly anything came through has shown nothing. */
function hasShownMuch({ diary, broken }: Walking): void {
  const joins = diary.times('painted') + diary.times('not painted');
  const [asked, painted] = [diary.times('allocate') + diary.times('join'), diary.times('painted')];
  if (diary.times('seated') < asked * LEAST.seated) broken(`of ${asked} operations that want a desktop few got one`);
  if (painted < joins * LEAST.painted) broken(`of ${joins} joins only ${painted} were painted`);
}

/** So many at a time. */
async function inGroups<T>(all: readonly T[], width: number, act: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const one = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await act(next);
  };
  await Promise.all(Array.from({ length: width }, one));
}
