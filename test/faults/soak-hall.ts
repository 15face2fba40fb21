import { setTimeout as pause } from 'node:timers/promises';
import type { Rig } from '../rig/rig.ts';
import { contractToken, TunnelClient } from '../rig/tunnel-client.ts';
import type { Seeded } from '../seeded.ts';
import { EXAM } from './invariants.ts';

const SEATED_MS = 60_000;
const KEYS = 'exam answers are typed here '.split('').map((key) => String(key.charCodeAt(0)));
/** Of those who come every other is new, and every other left long ago, as on a second day: after so many hallfuls. */
const EVERYBODY = 2;

interface Sitting {
  readonly userId: number;
  readonly ip: string;
  client: TunnelClient;
}

/** An exam hall with as many students as it seats, who come, work, lose their connection and go. */
export class SoakHall {
  readonly #rig: Rig;
  readonly #random: Seeded;
  readonly #seats: number;
  readonly #sitting: Sitting[] = [];
  #next = 0;
  joins = 0;
  painted = 0;
  sessions = 0;
  turns = 0;

  constructor(rig: Rig, seats: number, random: Seeded) {
    this.#rig = rig;
    this.#seats = seats;
    this.#random = random;
  }

  async fill(): Promise<void> {
    while (this.#sitting.length < this.#seats) await this.#oneComes();
  }

  /** One goes and another comes; a third has lost his connection, and a fourth opens his page anew. */
  async turn(): Promise<void> {
    this.turns++;
    await this.#oneGoes();
    await this.#oneComes();
    await this.#oneComesBack(true);
    await this.#oneComesBack(false);
  }

  async #oneComes(): Promise<void> {
    const userId = this.#nextStudent();
    const { ip } = await this.#rig.until(
      `a desktop for student ${userId}`,
      async () => {
        const answer = await this.#rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId });
        return answer.status === 200 && answer.body;
      },
      SEATED_MS,
    );
    this.sessions++;
    this.#sitting.push({ userId, ip, client: await this.#joins(ip) });
  }

  #nextStudent(): number {
    const [at, regulars] = [this.#next++, this.#seats * EVERYBODY];
    return at % 2 === 0 ? ((at / 2) % regulars) + 1 : regulars + at;
  }

  /** Whoever came first, hands in first. */
  async #oneGoes(): Promise<void> {
    const student = this.#sitting.shift();
    if (!student) return;
    student.client.close();
    const answer = await this.#rig.call('/api/vdi/cluster/release', { examId: EXAM, userId: student.userId });
    if (answer.status !== 200) throw new Error(`release answered ${answer.status}`);
  }

  async #oneComesBack(isLost: boolean): Promise<void> {
    const student = this.#random.pick(this.#sitting);
    if (isLost) student.client.socket.terminate();
    else student.client.close();
    student.client = await this.#joins(student.ip);
  }

  someType(): void {
    for (const { client } of this.#sitting) {
      if (!this.#random.chance(0.3) || client.socket.readyState !== client.socket.OPEN) continue;
      const key = this.#random.pick(KEYS);
      for (const down of ['1', '0']) client.send('key', key, down);
    }
  }

  async allGo(): Promise<void> {
    while (this.#sitting.length > 0) await this.#oneGoes();
  }

  async #joins(ip: string): Promise<TunnelClient> {
    const client = new TunnelClient(this.#rig.url, { token: contractToken(this.#rig.guacTokenKey, ip) });
    this.joins++;
    await client.see('img').then(
      () => this.painted++,
      () => undefined,
    );
    return client;
  }
}

/** Does this again and again, a pause after each, until `isOver`. */
export async function again(everyMs: number, isOver: () => boolean, act: () => Promise<void> | void): Promise<void> {
  while (!isOver()) {
    await act();
    await pause(everyMs);
  }
}
