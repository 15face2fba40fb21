import { type Seat, seatName } from '../../src/desktop/names.ts';
import type { Rig } from '../rig/rig.ts';
import { becomes } from './becomes.ts';
import { filesKept, type HandedIn } from './handed-in.ts';
import { historyTold } from './history-told.ts';
import { nothingLeftOver } from './left-over.ts';
import { HostRules, locked } from './rules.ts';
import { seesHisDesktop } from './screens.ts';
import { sitesAnswer } from './site.ts';

/** Each is true, or says what is broken. */
export interface Held {
  /** The same desktop; where its container died, one with the same workspace. */
  readonly same: true | string;
  /** Every student sees what his desktop paints. */
  readonly seen: true | string;
  readonly one: true | string;
  /** Every student's desktop finds the exam's site by its name and gets its page. */
  readonly site: true | string;
  /** Each desktop's firewall stands. */
  readonly locked: true | string;
  /** The files of those who have handed in. */
  readonly kept: true | string;
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
/** What is wrong now, and comes right later than this, is late enough to be wrong. */
const AT_LAST_MS = 30_000;
/** Students who join at the same moment. */
const JOIN_AT_ONCE = 3;

/** What must be so after every fault: every student the same desktop, nobody two, and nothing that nobody knows of. */
export class Invariants {
  readonly #rig: Rig;
  readonly #seats = new Map<string, Seated>();
  /** Everybody who ever had a desktop. */
  readonly #ever = new Map<string, Seat>();
  readonly #handedIn = new Map<string, HandedIn>();
  #rules: HostRules | undefined;
  #cameRightAt = 0;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  /** What the host has for our networks now, it must have after every fault. */
  async begin(): Promise<void> {
    this.#rules = await HostRules.look(this.#rig);
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

  /** The student has handed in: his desktop must be gone, and his files kept. */
  forget(userId: number, examId = EXAM): void {
    const name = seatName({ examId, userId });
    const left = this.#seats.get(name);
    if (left) this.#handedIn.set(name, left);
    this.#seats.delete(name);
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
  async painted(patienceMs?: number): Promise<true | string> {
    const blind: string[] = [];
    const left = [...this.#seats];
    const joining = async (): Promise<void> => {
      for (let next = left.shift(); next; next = left.shift()) {
        const [name, seat] = next;
        const sees = await seesHisDesktop(this.#rig, await this.#allocated(seat), patienceMs);
        if (!sees) blind.push(`${name} sees nothing`);
      }
    };
    await Promise.all(Array.from({ length: JOIN_AT_ONCE }, joining));
    return blind.length === 0 || blind.join(', ');
  }

  /**
   * @param replaced a desktop's own container died: what must be the same is the work on it
   * @param patienceMs how long what is wrong at first may take to come right
   */
  async check(replaced: boolean, patienceMs = AT_LAST_MS): Promise<Omit<Held, 'seen'>> {
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
    const handedIn = [...this.#handedIn.values()];
    const expected = { handedIn: [...this.#handedIn.keys()], rules: this.#rules };
    const ever = [...this.#ever.values()];
    return {
      same: moved.length === 0 || moved.join(', '),
      one: (extra.length === 0 && ids.size === this.#seats.size) || `also ${extra.join(', ') || 'one desktop twice'}`,
      site: await this.#comesRight(() => sitesAnswer(this.#rig, this.#seats), patienceMs),
      locked: await locked(this.#rig),
      kept: await this.#comesRight(() => filesKept(this.#rig, handedIn), patienceMs),
      clean: await this.#comesRight(() => nothingLeftOver(this.#rig, expected), patienceMs),
      told: await this.#comesRight(() => historyTold(this.#rig, ever, this.#seats), patienceMs),
    };
  }

  /** When the last thing that was still wrong at a first look had come right; 0 if nothing ever was. */
  get cameRightAt(): number {
    return this.#cameRightAt;
  }

  async #comesRight(look: () => Promise<true | string>, patienceMs: number): Promise<true | string> {
    if ((await look().catch(() => false)) === true) return true;
    const seen = await becomes(look, patienceMs);
    this.#cameRightAt = performance.now();
    return seen;
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
