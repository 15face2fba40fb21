import { readdirSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Rig } from '../rig/rig.ts';
import { type Bystander, ExactBystander, RealBystander, tellExactly } from './fuzz-bystanders.ts';
import type { Knows } from './fuzz-door.ts';
import { Liar } from './fuzz-liar.ts';
import { FuzzSeat } from './fuzz-seat.ts';
import { EXAM } from './invariants.ts';

const SEATS = 3;
const REAL = 2;
/** Everything that was opened has gone by then: guacd's goodbye, ws's own, a join that is tried again. */
const SETTLE_MS = 12_000;
const HANDLES_LEFT = 3;
/** Beside it the book of tokens and the counts of attempts, which are bounded, may be fuller than before. */
const HEAP_LEFT_MB = 24;
const MB = 2 ** 20;

export interface Held {
  readonly handles: number;
  readonly heapMb: number;
}

/** A worker with desktops: some real students', some of which we are both the browser and guacd. */
export class FuzzHall {
  readonly rig: Rig;
  readonly seats: readonly FuzzSeat[];
  readonly knows: Knows;
  readonly #liar: Liar;
  readonly #real: readonly RealBystander[];
  readonly #exact: ExactBystander;
  readonly #heapFile: string;
  #last = '';

  constructor(rig: Rig, liar: Liar, ips: readonly string[], heapFile: string) {
    this.rig = rig;
    this.#liar = liar;
    this.#heapFile = heapFile;
    const [door = '', exact = '', ...others] = ips;
    const key = rig.guacTokenKey;
    for (const ip of ips.slice(0, 2 + SEATS)) liar.take(ip);
    tellExactly(liar, exact);
    this.knows = { port: rig.port, key, ip: door };
    this.seats = others.slice(0, SEATS).map((ip) => new FuzzSeat(rig.port, key, ip, liar));
    this.#real = others
      .slice(SEATS)
      .map((ip, at) => new RealBystander(`student ${at + 1} on a real desktop`, rig.url, key, ip));
    this.#exact = new ExactBystander('student whose every byte is known', rig.url, key, exact);
  }

  /** What is wrong with the others' sessions, if anything is; once. */
  look(): string | undefined {
    const wrong = this.#all()
      .map((each) => each.look())
      .find((what) => what !== undefined && what !== this.#last);
    this.#last = wrong ?? this.#last;
    return wrong;
  }

  /** What the worker holds when nobody is here but the bystanders. */
  async settled(): Promise<Held> {
    await pause(SETTLE_MS);
    const asked = Date.now();
    // The worker collects its garbage every few seconds and says what is left.
    while (statSync(this.#heapFile).mtimeMs < asked) await pause(200);
    const { heapUsed, external } = JSON.parse(readFileSync(this.#heapFile, 'utf8'));
    const handles = readdirSync(`/proc/${this.rig.workerPid}/fd`).length;
    return { handles, heapMb: Math.round((heapUsed + external) / MB) };
  }

  async leftOver(before: Held): Promise<string[]> {
    const now = await this.settled();
    console.log(
      `handles ${before.handles} → ${now.handles}, memory after collecting ${before.heapMb} → ${now.heapMb} MB`,
    );
    return [
      ...(now.handles > before.handles + HANDLES_LEFT ? [`${now.handles - before.handles} handles left over`] : []),
      ...(now.heapMb > before.heapMb + HEAP_LEFT_MB ? [`${now.heapMb - before.heapMb} MB left over`] : []),
      ...this.#all().flatMap((each) => each.look() ?? []),
    ];
  }

  report(): string {
    const quiet = this.#all().map(({ name, longestQuiet }) => `${name} ${longestQuiet} ms`);
    const frames = this.#real.map(({ frames }) => frames);
    return `others: ${this.#exact.count} exact instructions and ${frames} real frames came; longest without a word: ${quiet.join(', ')}`;
  }

  async close(): Promise<void> {
    for (const each of [...this.#all(), ...this.seats]) each.close();
    this.#liar.close();
    await this.rig.stop();
  }

  #all(): readonly Bystander[] {
    return [...this.#real, this.#exact];
  }
}

/** Starts everything and waits until the bystanders see something. */
export async function openHall(heapFile: string): Promise<FuzzHall> {
  const liar = new Liar();
  const students = 2 + SEATS + REAL;
  const rig = new Rig({
    name: 'fuzz',
    env: {
      WORKER_TOTAL_MEMORY_MB: String(1024 + 1536 * students),
      NODE_OPTIONS: `--import=${new URL('../rig/heap.ts', import.meta.url)}`,
      RIG_HEAP_FILE: heapFile,
    },
    lead: async ({ guacd }) => {
      // Not on the loopback: the desktops' probe tries this address, and a desktop's loopback is its own.
      const host = (await rig.docker.getNetwork(`${rig.code}_vdi_net`).inspect()).IPAM?.Config?.[0]?.Gateway ?? '';
      return { GUACD_HOST: host, GUACD_PORT: String(await liar.listen(host, guacd)) };
    },
  });
  try {
    await rig.start();
    await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: students });
    const ips: string[] = [];
    for (let userId = 1; userId <= students; userId++) ips.push(await seated(rig, userId));
    await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: 0 });
    const hall = new FuzzHall(rig, liar, ips, heapFile);
    await pause(5_000);
    const wrong = hall.look();
    if (wrong) throw new Error(wrong);
    return hall;
  } catch (error) {
    liar.close();
    await rig.stop();
    throw error;
  }
}

function seated(rig: Rig, userId: number): Promise<string> {
  return rig.until(
    `a desktop for student ${userId}`,
    async () => {
      const { status, body } = await rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId });
      return status === 200 && String(body.ip);
    },
    120_000,
  );
}
