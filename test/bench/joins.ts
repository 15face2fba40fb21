import { setTimeout as pause } from 'node:timers/promises';
import { Pace } from '../../src/pool/pace.ts';
import type { Rig } from '../rig/rig.ts';
import { contractToken, TunnelClient } from '../rig/tunnel-client.ts';
import { atMost, examId, type Ground, type Measured, prewarm, untilWarm } from './ground.ts';
import { PlainDesktops } from './plain.ts';
import { rounded, summary, timed } from './stats.ts';

const JOINS = 6;
const APART_MS = 800;
const REFILL = 10;
/** What the worker itself does where nobody sits: the pace that does not give way. */
const CREATE_WIDTH = 4;
const ROUNDS = 2;
const LAST_ROUND_BEFORE_S = 110;
/** Longer than the worker takes the joins before for a rush. */
const CALM_MS = 11_000;

/**
 * Students join, from the allocate call to the first picture on the wire: on a quiet worker, while a pool of ten is being
 * filled at the worker's own pace, and while ten of the same desktops are made without giving way.
 */
export async function measure(ground: Ground): Promise<Measured> {
  const rig = await ground.worker(JOINS + 1 + REFILL);
  const worker = new Hall(ground, rig);
  // Sockets and code paths of both sides in use once.
  await worker.ready();
  await worker.joins();
  await worker.leave();
  const quiet: number[] = [];
  const giving: number[] = [];
  const pushing: number[] = [];
  const filled = { giving: [] as number[], pushing: [] as number[] };
  for (let round = 1; round <= ROUNDS && ground.seconds < LAST_ROUND_BEFORE_S; round++) {
    await worker.ready();
    quiet.push(...(await worker.joins()));
    await worker.leave();
    const refill = examId(round * 10);
    await worker.ready();
    const began = performance.now();
    await prewarm(rig, refill, REFILL);
    giving.push(...(await worker.joins()));
    await untilWarm(rig, refill, REFILL);
    filled.giving.push(performance.now() - began);
    await worker.leave();
    await worker.empty(refill);
    await worker.ready();
    const plain = await PlainDesktops.like(ground, rig, (await rig.desktops())[0]?.Id ?? '');
    const all = timed(() => makeAll(plain));
    pushing.push(...(await worker.joins()));
    filled.pushing.push((await all).ms);
    await worker.leave();
    await plain.removeAll();
    ground.say(`round ${round} done`);
  }
  return judge(quiet, giving, pushing, filled);
}

class Hall {
  readonly #ground: Ground;
  readonly #rig: Rig;
  readonly #exam = examId(1);
  #users = 0;
  readonly #here: number[] = [];

  constructor(ground: Ground, rig: Rig) {
    this.#ground = ground;
    this.#rig = rig;
  }

  /**
   * Warm desktops for the next students, nothing more being made in place of what they take, and one student long at work:
   * with nobody here there would be nobody to give way to when the refill begins.
   */
  async ready(): Promise<void> {
    await prewarm(this.#rig, this.#exam, JOINS + 1);
    await untilWarm(this.#rig, this.#exam, JOINS + 1);
    await prewarm(this.#rig, this.#exam, 0);
    await this.#join();
    await pause(CALM_MS);
  }

  async joins(): Promise<number[]> {
    const taken: number[] = [];
    while (taken.length < JOINS) {
      taken.push((await timed(() => this.#join())).ms);
      await pause(APART_MS);
    }
    this.#ground.say(`${JOINS} joined, ${summary(taken).p50} ms each (p50)`);
    return taken;
  }

  async leave(): Promise<void> {
    for (const userId of this.#here.splice(0))
      await this.#rig.call('/api/vdi/cluster/release', { examId: this.#exam, userId });
  }

  /** Takes a pool down the only way that does not wait for the surplus' grace: students take the desktops and leave. */
  async empty(examId: number): Promise<void> {
    await prewarm(this.#rig, examId, 0);
    for (let userId = 1; userId <= REFILL; userId++)
      await this.#rig.call('/api/vdi/cluster/allocate', { examId, userId });
    for (let userId = 1; userId <= REFILL; userId++)
      await this.#rig.call('/api/vdi/cluster/release', { examId, userId });
  }

  async #join(): Promise<void> {
    const userId = ++this.#users;
    this.#here.push(userId);
    const { status, body } = await this.#rig.call('/api/vdi/cluster/allocate', { examId: this.#exam, userId });
    if (status !== 200) throw new Error(`allocate answered ${status}: ${JSON.stringify(body)}`);
    const client = new TunnelClient(this.#rig.url, {
      token: contractToken(this.#rig.guacTokenKey, body.ip),
      width: '1280',
      height: '800',
    });
    await client.see('sync');
    client.close();
  }
}

async function makeAll(plain: PlainDesktops): Promise<void> {
  const width = new Pace(CREATE_WIDTH);
  await Promise.all(Array.from({ length: REFILL }, async () => plain.ready(await width.with(() => plain.run()))));
}

function judge(
  quiet: number[],
  giving: number[],
  pushing: number[],
  filled: { giving: number[]; pushing: number[] },
): Measured {
  const [calm, beside, against] = [summary(quiet), summary(giving), summary(pushing)];
  const p50 = rounded(beside.p50 / calm.p50);
  return {
    figures: {
      'join on a quiet worker ms': calm,
      [`join while ${REFILL} refill, giving way, ms`]: beside,
      [`join while ${REFILL} are made, ${CREATE_WIDTH} creates at a time, ms`]: against,
      'refilled after ms': { 'giving way': summary(filled.giving), without: summary(filled.pushing) },
    },
    ratios: {
      'giving way / quiet, p50': p50,
      'giving way / quiet, p99': rounded(beside.p99 / calm.p99),
      'without / quiet, p50': rounded(against.p50 / calm.p50),
      'without / quiet, p99': rounded(against.p99 / calm.p99),
    },
    goals: [atMost('join while a pool refills / quiet, p50', 1.5, p50)],
  };
}
