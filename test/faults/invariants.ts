import { setTimeout as pause } from 'node:timers/promises';
import { type Seat, seatName } from '../../src/desktop/names.ts';
import type { Rig } from '../rig/rig.ts';
import { contractToken, TunnelClient } from '../rig/tunnel-client.ts';
import { historyTold } from './history-told.ts';
import { nothingLeftOver } from './left-over.ts';

/** Each is true, or says what is broken. */
export interface Held {
  /** The same desktop; where its container died, one with the same workspace. */
  readonly same: true | string;
  /** Every student's join is painted again. */
  readonly seen: true | string;
  readonly one: true | string;
  readonly clean: true | string;
  /** The database tells of each student's session once, and of no other as going on. */
  readonly told: true | string;
}

export interface Seated extends Seat {
  readonly containerId: string;
  /** What the student has written into his workspace. */
  readonly work: string;
}

/** The exam whose pool is kept filled. Its own in each run: students' names are unique on an engine. */
export const EXAM = 2 * process.pid;
/** The student's file that must not be lost. */
export const WORK = '/home/student/workspace/work.txt';
const STUDENT = 'student';
const SEEN_MS = 40_000;
const AGAIN_MS = 200;

/** What must be so after every fault: every student the same desktop, nobody two, and nothing that nobody knows of. */
export class Invariants {
  readonly #rig: Rig;
  readonly #seats = new Map<string, Seated>();
  /** Everybody who ever had a desktop. */
  readonly #ever = new Map<string, Seat>();

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** Gives a student a desktop that he must keep from now on, and lets him begin his work on it. */
  async seat(userId: number, examId = EXAM): Promise<void> {
    const seat = { examId, userId };
    this.#ever.set(seatName(seat), seat);
    const { containerId } = await this.#allocated(seat);
    const work = `work of ${seatName(seat)} begun at ${Date.now()}`;
    const wrote = await this.#rig.exec(containerId, ['sh', '-c', `echo '${work}' > ${WORK}`], STUDENT);
    if (wrote.code !== 0) throw new Error(`student ${userId} cannot write: ${wrote.output}`);
    this.#seats.set(seatName(seat), { ...seat, containerId, work });
  }

  /** What must be so of a student who got his desktop, or has left it, by somebody else's calls. */
  expect(seat: Seat, sits: { readonly containerId: string; readonly work: string } | undefined): void {
    this.#ever.set(seatName(seat), seat);
    if (sits) this.#seats.set(seatName(seat), { ...seat, ...sits });
  }

  /** The student has handed in. */
  forget(userId: number, examId = EXAM): void {
    this.#seats.delete(seatName({ examId, userId }));
  }

  seated(): ReadonlyMap<string, Seated> {
    return this.#seats;
  }

  /**
   * Waits until the worker says ready, knows exactly what the engine lists, and every desktop is in use or warm. Only
   * looks: a call that makes the worker look at the engine would bring it back sooner than it comes by itself.
   */
  async settled(ms = 60_000): Promise<void> {
    let last: unknown = 'not ready';
    const look = async (): Promise<boolean> => {
      const answer = await this.#rig.call('/api/vdi/cluster/status').catch(() => undefined);
      if (answer?.status !== 200 || !answer.body.ready) return false;
      const { desktops, pools, lastFailure } = answer.body;
      const listed = await this.#rig.desktops();
      const running = listed.filter(({ State }) => State === 'running').map(({ Names }) => Names[0]?.slice(1));
      last = { desktops, pools, lastFailure, listed: listed.map(({ Names, State }) => `${Names[0]} ${State}`) };
      const known = desktops.map(({ name }: { name: string }) => name);
      if (listed.length !== running.length || running.sort().join() !== known.sort().join()) return false;
      const filled = pools.every((pool: { wanted: number; warm: number }) => pool.warm >= pool.wanted);
      return filled && desktops.every(({ state }: { state: string }) => state === 'warm' || state === 'in use');
    };
    await this.#rig.until('the worker ready and every desktop usable', look, ms).catch(() => {
      throw new Error(`not settled: ${JSON.stringify(last)}`);
    });
  }

  /** Waits until every student can join his desktop and sees it. */
  async painted(): Promise<true | string> {
    const blind: string[] = [];
    for (const [name, seat] of this.#seats) {
      const { ip } = await this.#allocated(seat);
      if (!(await this.#sees(ip))) blind.push(`${name} sees nothing`);
    }
    return blind.length === 0 || blind.join(', ');
  }

  /** @param replaced a desktop's own container died: what must be the same is the work on it */
  async check(replaced: boolean): Promise<Omit<Held, 'seen'>> {
    const moved: string[] = [];
    for (const [name, seat] of this.#seats) {
      const { containerId } = await this.#allocated(seat);
      if (containerId !== seat.containerId && !replaced) moved.push(`${name} moved`);
      this.#seats.set(name, { ...seat, containerId });
      const { output } = await this.#rig.exec(containerId, ['cat', WORK], STUDENT);
      if (output.trim() !== seat.work) moved.push(`${name} has lost his work: ${output.trim()}`);
    }
    const names = (await this.#rig.desktops()).map(({ Names }) => (Names[0] ?? '').slice(1));
    const extra = names.filter((name) => /_u\d+$/.test(name) && !this.#seats.has(name));
    const ids = new Set([...this.#seats.values()].map(({ containerId }) => containerId));
    return {
      same: moved.length === 0 || moved.join(', '),
      one: (extra.length === 0 && ids.size === this.#seats.size) || `also ${extra.join(', ') || 'one desktop twice'}`,
      clean: await nothingLeftOver(this.#rig),
      told: await historyTold(this.#rig, [...this.#ever.values()], this.#seats),
    };
  }

  /** Whether the desktop at this address is painted, by one join or, as the student's page does it, by another one. */
  async #sees(ip: string): Promise<boolean> {
    const end = Date.now() + SEEN_MS;
    while (Date.now() < end) if (await this.#joined(ip)) return true;
    return false;
  }

  async #joined(ip: string): Promise<boolean> {
    const client = new TunnelClient(this.#rig.url, { token: contractToken(this.#rig.guacTokenKey, ip) });
    try {
      await client.see('img');
      return true;
    } catch {
      await pause(AGAIN_MS);
      return false;
    } finally {
      client.close();
    }
  }

  async #allocated({ examId, userId }: Seat): Promise<{ containerId: string; ip: string }> {
    return this.#rig.until(
      `a desktop for student ${userId}`,
      async () => {
        const answer = await this.#rig.call('/api/vdi/cluster/allocate', { examId, userId }).catch(() => undefined);
        return answer?.status === 200 && answer.body;
      },
      60_000,
    );
  }
}
