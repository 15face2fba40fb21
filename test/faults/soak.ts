// A soak: as many desktops as the worker's own formula gives this host, students who come, work and go for minutes.
// What a leak would make grow is looked at every few seconds and must be flat; and in the end nothing may be left.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres } from '../rig/postgres.ts';
import { Rig } from '../rig/rig.ts';
import { Seeded } from '../seeded.ts';
import { becomes } from './becomes.ts';
import { EXAM } from './invariants.ts';
import { nothingLeftOver } from './left-over.ts';
import { BeatBeside } from './soak-beat.ts';
import { filled, SIZE, seatsOf } from './soak-filled.ts';
import { reportFlat } from './soak-flat.ts';
import { again, SoakHall } from './soak-hall.ts';
import { SoakLooks } from './soak-looks.ts';

/** A pool's surplus stays for two minutes. */
const EMPTY_MS = 150_000;
const LOOK_MS = 4_000;
const TURN_MS = 3_000;
const TYPE_MS = 500;
/** Handles of the backend that may be there at the end and were not at the start. */
const HANDLES_LEFT = 4;
const LEAST_PAINTED = 0.95;
/** Of sessions, a minute: where nobody comes and goes nothing grows. */
const LEAST_TURNS = 6;
const HEAP = new URL('../rig/heap.ts', import.meta.url);
const LEAK = new URL('../rig/leak.ts', import.meta.url);

export interface SoakSize {
  readonly minutes: number;
  /** No more than this, though the host could have more. */
  readonly desktops: number;
  /** Bytes of each call that the backend never lets go of: the soak must see it. */
  readonly leak: number;
}

/** @returns the exit code */
export async function soak(size: SoakSize, seed: number): Promise<number> {
  const { minutes, leak } = size;
  const folder = await mkdtemp(join(tmpdir(), 'vdi-soak-'));
  const heap = (name: string, more: readonly URL[] = []): Record<string, string> => ({
    NODE_OPTIONS: [HEAP, ...more].map((file) => `--import=${file}`).join(' '),
    RIG_HEAP_FILE: join(folder, name),
    RIG_LEAK_BYTES: String(leak),
  });
  const postgres = await startPostgres('soak');
  const { host, port, user, password, database } = postgres.address;
  const db = { DB_HOST: host, DB_PORT: String(port), DB_USER: user, DB_PASSWORD: password, DB_NAME: database };
  const rig = new Rig({ name: 'soak', env: { ...SIZE, ...db, ...heap('backend', leak > 0 ? [LEAK] : []) } });
  const beat = new BeatBeside();
  try {
    await rig.start();
    await beat.start(rig, heap('heartbeat'));
    await rig.until('a beat', async () => beat.beats > 0);
    const looks = new SoakLooks(rig, [
      { name: 'backend', pid: () => rig.workerPid, heapFile: join(folder, 'backend') },
      { name: 'heartbeat', pid: () => beat.pid, heapFile: join(folder, 'heartbeat') },
    ]);
    const wrong = await soaked(rig, looks, size, seed);
    if (beat.beats < minutes * 30) wrong.push(`the heartbeat beat only ${beat.beats} times`);
    for (const what of wrong) console.log(`NOT AS IT MUST BE: ${what}`);
    console.log(wrong.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
    return wrong.length === 0 ? 0 : 1;
  } finally {
    beat.stop();
    await rig.stop().finally(() => postgres.stop());
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns what is not as it must be */
async function soaked(rig: Rig, looks: SoakLooks, { minutes, desktops }: SoakSize, seed: number): Promise<string[]> {
  await pause(LOOK_MS);
  const before = await looks.counts();
  await looks.look();
  const handlesBefore = looks.last('backend file descriptors');
  const most = await filled(rig, desktops);
  const random = new Seeded(seed);
  const hall = new SoakHall(rig, seatsOf(most), random);
  await hall.fill();
  console.log(`… ${most} desktops, the limit by ${JSON.stringify(SIZE)}; seed ${seed}`);
  // Those that came up while the host filled are others than those that come up on a full one: first all are replaced.
  const isWarm = (): boolean => hall.turns >= most;
  await Promise.all([again(TURN_MS, isWarm, () => hall.turn()), again(TYPE_MS, isWarm, () => hall.someType())]);
  console.log(`… every desktop has been replaced; soaking for ${minutes} minutes`);
  looks.forget();
  const turnsBefore = hall.turns;
  const end = Date.now() + minutes * 60_000;
  const isOver = (): boolean => Date.now() > end;
  await Promise.all([
    again(TURN_MS, isOver, () => hall.turn()),
    again(TYPE_MS, isOver, () => hall.someType()),
    again(LOOK_MS, isOver, () => looks.look()),
  ]);
  const path = join(tmpdir(), `vdi-soak-${seed}.json`);
  await writeFile(path, JSON.stringify(looks.all()));
  console.log(`… every look: ${path}`);
  const wrong = reportFlat(looks.all(), minutes).map((name) => `${name} is not flat`);
  const { sessions, joins, painted } = hall;
  console.log(`\n${sessions} sessions, ${joins} joins, ${painted} of them painted`);
  const turns = hall.turns - turnsBefore;
  if (turns < minutes * LEAST_TURNS) wrong.push(`only ${turns} students came and went`);
  if (painted < joins * LEAST_PAINTED) wrong.push(`of ${joins} joins only ${painted} were painted`);
  const left = await becomes(() => nothingLeftOver(rig), EMPTY_MS);
  if (left !== true) wrong.push(left);
  await hall.allGo();
  await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: 0 });
  return [...wrong, ...(await emptied(rig, looks, before, handlesBefore))];
}

/** Everybody has gone: what there is must be what there was. */
async function emptied(
  rig: Rig,
  looks: SoakLooks,
  before: Record<string, number>,
  handlesBefore: number,
): Promise<string[]> {
  let now: Record<string, number> = {};
  const isSo = async (): Promise<boolean> => {
    now = await looks.counts();
    return JSON.stringify(now) === JSON.stringify(before);
  };
  const wrong = await rig.until('as before', isSo, EMPTY_MS).then(
    () => [],
    () => [`before ${JSON.stringify(before)}, after everybody has gone ${JSON.stringify(now)}`],
  );
  await looks.look();
  const handles = looks.last('backend file descriptors');
  console.log(`backend's file descriptors: ${handlesBefore} before the first student, ${handles} after the last`);
  return handles > handlesBefore + HANDLES_LEFT ? [...wrong, `${handles - handlesBefore} handles left over`] : wrong;
}
