import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Line } from '../rig/line.ts';
import { startPostgres, type TestPostgres } from '../rig/postgres.ts';
import { Rig } from '../rig/rig.ts';
import type { Seeded } from '../seeded.ts';
import { EXAM, Invariants } from './invariants.ts';

/** An exam that nobody prewarms. */
export const COLD_EXAM = EXAM + 1;
export const OUTAGE_MS = 3_000;
/** Everything as it was, this long after the part is back. */
export const GOAL_MS = 10_000;
/** Desktops prove their locks so often. */
export const PROOF_MS = 15_000;
/** A caller's own limit is 15 s (contract). */
const CALLER_MS = 15_500;
const FIRST_NEWCOMER = 100;

/** The lines by which the worker reaches its services. */
export interface Lines {
  readonly engine: Line;
  readonly redis: Line;
  readonly guacd: Line;
  readonly postgres: Line;
}

export interface Scene {
  readonly rig: Rig;
  readonly postgres: TestPostgres;
  readonly lines: Lines;
  readonly invariants: Invariants;
  readonly random: Seeded;
  /** Milliseconds by which the worker's clock is wrong; read at SIGUSR2. */
  readonly clockFile: string;
  /** Desktops of the pool. */
  readonly warm: number;
  /** Number of a student who has not been here. */
  newcomer(): number;
}

/** How large the scene is, and where its chance comes from. */
export interface Cast {
  readonly random: Seeded;
  readonly students: number;
  readonly warm: number;
  /** How many times the goals a part may take to come back: the quick part is run on busy machines, too. */
  readonly slack: number;
  /** Socket of the engine. */
  readonly engine: string;
  /** Settings of the worker on top of the scene's own. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Fault {
  readonly name: string;
  /** Part of `-- --quick`. */
  readonly quick?: boolean;
  /** The desktop's container itself died, so another may have taken its place. */
  readonly replaces?: boolean;
  /**
   * Where they are not GOAL_MS from when the part is back. `usableMs` is for a desktop's own death, and counts from the
   * moment when it is provoked.
   */
  readonly goals?: { readonly usableMs?: number; readonly backMs?: number };
  /** Provokes it. Rises when it was not provoked after all, or when what was asked meanwhile got no proper answer. */
  act(scene: Scene): Promise<void>;
}

/** A call whose caller may never see the answer. */
export const lost = (rig: Rig, path: string, body: object): Promise<void> =>
  rig.call(`/api/vdi/cluster/${path}`, body).then(
    () => undefined,
    () => undefined,
  );

/** A student comes, works and hands in: his desktop must be gone and his files kept from then on. */
export async function comesAndGoes({ rig, invariants }: Scene, userId: number, examId = EXAM): Promise<void> {
  await invariants.seat(userId, examId);
  await handsIn({ rig, invariants }, userId, examId);
}

export async function handsIn(
  { rig, invariants }: Pick<Scene, 'rig' | 'invariants'>,
  userId: number,
  examId = EXAM,
): Promise<void> {
  await lost(rig, 'release', { examId, userId });
  invariants.forget(userId, examId);
}

/** What callers get while something is broken: an answer in time, a good one or one that says to come again. */
export async function answersMeanwhile({ rig, invariants }: Scene): Promise<void> {
  const [seat] = [...invariants.seated().values()];
  if (!seat) throw new Error('nobody sits here');
  const began = Date.now();
  const path = '/api/vdi/cluster';
  const all = Promise.all([
    rig.call(`${path}/allocate`, { examId: seat.examId, userId: seat.userId }),
    rig.call(`${path}/status`),
    rig.call('/readyz'),
  ]);
  const answers = await Promise.race([all, pause(CALLER_MS)]);
  if (!answers) throw new Error(`no answer within ${CALLER_MS} ms`);
  const said = answers.map(({ status }) => status);
  if (said.some((status) => status !== 200 && status !== 503)) throw new Error(`meanwhile answers ${said}`);
  await pause(Math.max(0, OUTAGE_MS - (Date.now() - began)));
}

/** Students on a worker of which every way to its services can be cut, and what must go at the end. */
export async function openScene(cast: Cast): Promise<{ scene: Scene; close(): Promise<void> }> {
  const { random, students, warm } = cast;
  const folder = await mkdtemp(join(tmpdir(), 'vdi-faults-'));
  const clockFile = join(folder, 'clock');
  const postgres = await startPostgres('faults');
  const made: Line[] = [];
  const close: (() => Promise<unknown>)[] = [() => postgres.stop(), () => rm(folder, { recursive: true })];
  const line = async (...ends: ConstructorParameters<typeof Line>): Promise<Line> => {
    const drawn = await new Line(...ends).mend();
    made.push(drawn);
    return drawn;
  };
  const { user, password, database } = postgres.address;
  const lines: Partial<{ -readonly [Name in keyof Lines]: Line }> = {};
  const rig = new Rig({
    name: 'faults',
    env: { DB_HOST: '127.0.0.1', DB_USER: user, DB_PASSWORD: password, DB_NAME: database },
    lead: async ({ redis, guacd }) => {
      // Not on the loopback: the desktops' probe tries these addresses, and a desktop's loopback is its own.
      const network = await rig.docker.getNetwork(`${rig.code}_vdi_net`).inspect();
      const host = network.IPAM?.Config?.[0]?.Gateway ?? '';
      lines.postgres = await line(postgres.address);
      lines.redis = await line({ host: redis, port: 6379 }, { host });
      lines.guacd = await line({ host: guacd, port: 4822 }, { host });
      lines.engine = await line({ path: cast.engine }, { path: join(folder, 'engine.sock') });
      return {
        DB_PORT: String(lines.postgres.port),
        REDIS_URL: `redis://${host}:${lines.redis.port}`,
        GUACD_HOST: host,
        GUACD_PORT: String(lines.guacd.port),
        DOCKER_SOCKET: join(folder, 'engine.sock'),
        WORKER_TOTAL_MEMORY_MB: '20480',
        NODE_OPTIONS: `--import=${new URL('../rig/clock.ts', import.meta.url)}`,
        RIG_CLOCK_FILE: clockFile,
        ...cast.env,
      };
    },
  });
  const closeAll = async (): Promise<void> => {
    try {
      await rig.stop();
    } finally {
      for (const drawn of made) await drawn.cut();
      for (const each of close) await each();
    }
  };
  try {
    await rig.start();
    const invariants = new Invariants(rig);
    await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: warm });
    for (let userId = 1; userId <= students; userId++) await invariants.seat(userId);
    await invariants.settled();
    await invariants.begin();
    let came = FIRST_NEWCOMER;
    const newcomer = (): number => came++;
    const wired = lines as Lines;
    const scene = { rig, postgres, lines: wired, invariants, random, clockFile, warm, newcomer };
    return { scene, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}
