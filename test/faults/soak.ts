// A soak: as many desktops as the worker's own formula gives this host, students who come, work and go for minutes.
// What a leak would make grow is looked at every few seconds and must be flat; and in the end nothing may be left.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres } from '../rig/postgres.ts';
import { Rig } from '../rig/rig.ts';
import { Seeded } from '../seeded.ts';
import { becomes } from './becomes.ts';
import { EXAM } from './invariants.ts';
import { nothingLeftOver } from './left-over.ts';
import { BeatBeside } from './soak-beat.ts';
import { reportFlat } from './soak-flat.ts';
import { again, SoakHall } from './soak-hall.ts';
import { SoakLooks } from './soak-looks.ts';

/** The rest of the desktops wait in the pool, so that whoever comes is served and the host is full all the time. */
const SEATED_SHARE = 5 / 6;
const FILLED_MS = 400_000;
/** A pool's surplus stays for two minutes. */
const EMPTY_MS = 150_000;
const LOOK_MS = 4_000;
const TURN_MS = 3_000;
const TYPE_MS = 500;
/** Handles of the backend that may be there at the end and were not at the start. */
const HANDLES_LEFT = 4;
const LEAST_PAINTED = 0.95;
const MB = 2 ** 20;

/** What the limit is computed from: this host as it is, and desktops planned for what they were seen to take. */
const SIZE = {
  WORKER_TOTAL_CPUS: String(availableParallelism()),
  WORKER_TOTAL_MEMORY_MB: String(Math.floor(totalmem() / MB)),
  WORKER_RESERVED_CPUS: '0.5',
  EXAM_VM_CPUS: '0.04',
  EXAM_VM_MEMORY_MB: '640',
};

/** @returns the exit code */
export async function soak(minutes: number, seed: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'vdi-soak-'));
  const heap = (name: string): Record<string, string> => ({
    NODE_OPTIONS: `--import=${new URL('../rig/heap.ts', import.meta.url)}`,
    RIG_HEAP_FILE: join(folder, name),
  });
  const postgres = await startPostgres('soak');
  const { host, port, user, password, database } = postgres.address;
  const db = { DB_HOST: host, DB_PORT: String(port), DB_USER: user, DB_PASSWORD: password, DB_NAME: database };
  const rig = new Rig({ name: 'soak', env: { ...SIZE, ...db, ...heap('backend') } });
  const beat = new BeatBeside();
  try {
    await rig.start();
    await beat.start(rig, heap('heartbeat'));
    await rig.until('a beat', async () => beat.beats > 0);
    const looks = new SoakLooks(rig, [
      { name: 'backend', pid: () => rig.workerPid, heapFile: join(folder, 'backend') },
      { name: 'heartbeat', pid: () => beat.pid, heapFile: join(folder, 'heartbeat') },
    ]);
    const wrong = await soaked(rig, looks, minutes, seed);
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
async function soaked(rig: Rig, looks: SoakLooks, minutes: number, seed: number): Promise<string[]> {
  await pause(LOOK_MS);
  const before = await looks.counts();
  await looks.look();
  const handlesBefore = looks.last('backend file descriptors');
  const most = await filled(rig);
  const random = new Seeded(seed);
  const hall = new SoakHall(rig, Math.floor(most * SEATED_SHARE), random);
  await hall.fill();
  console.log(`… ${most} desktops, the limit by ${JSON.stringify(SIZE)}; seed ${seed}`);
  // Those that came up while the host filled are others than those that come up on a full one: first all are replaced.
  const isWarm = (): boolean => hall.turns >= most;
  await Promise.all([again(TURN_MS, isWarm, () => hall.turn()), again(TYPE_MS, isWarm, () => hall.someType())]);
  console.log(`… every desktop has been replaced; soaking for ${minutes} minutes`);
  looks.forget();
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
  if (painted < joins * LEAST_PAINTED) wrong.push(`of ${joins} joins only ${painted} were painted`);
  const left = await becomes(() => nothingLeftOver(rig), EMPTY_MS);
  if (left !== true) wrong.push(left);
  await hall.allGo();
  await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: 0 });
  return [...wrong, ...(await emptied(rig, looks, before, handlesBefore))];
}

/** Fills the pool to the limit. @returns how many desktops that is */
async function filled(rig: Rig): Promise<number> {
  const began = performance.now();
  const status = async () => (await rig.call('/api/vdi/cluster/status')).body;
  const { maxSessions, room } = await status();
  console.log(`… ${maxSessions} slots by the formula, room for ${room.count} now (${room.short})`);
  const most = Math.min(maxSessions, room.count);
  await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: most });
  await rig.until(
    `${most} desktops warm`,
    async () => (await status()).pools.some(({ warm }: { warm: number }) => warm >= most),
    FILLED_MS,
  );
  console.log(`… filled in ${Math.round((performance.now() - began) / 1000)} s`);
  await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: most - Math.floor(most * SEATED_SHARE) });
  return most;
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
