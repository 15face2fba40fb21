import type { Rig } from '../rig/rig.ts';
import { contractToken, TunnelClient } from '../rig/tunnel-client.ts';

/** Each is true, or says what is broken. */
export interface Held {
  readonly same: true | string;
  /** Every student's join is painted again. */
  readonly seen: true | string;
  readonly one: true | string;
  readonly clean: true | string;
  /** The database tells of each student's session once, and of no other as going on. */
  readonly told: true | string;
}

/** What must be so after every fault: every student the same desktop, nobody two, and nothing that nobody knows of. */
export class Invariants {
  readonly #rig: Rig;
  readonly #examId: number;
  readonly #seats = new Map<number, string>();
  /** Everybody who ever had a desktop. */
  readonly #ever = new Set<number>();

  constructor(rig: Rig, examId: number) {
    this.#rig = rig;
    this.#examId = examId;
  }

  /** Gives a student a desktop that he must keep from now on. */
  async seat(userId: number): Promise<void> {
    this.#ever.add(userId);
    this.#seats.set(userId, (await this.#allocated(userId)).containerId);
  }

  /** The student has handed in. */
  forget(userId: number): void {
    this.#seats.delete(userId);
  }

  seated(): ReadonlyMap<number, string> {
    return this.#seats;
  }

  /** Waits until the worker says ready and every desktop of it is in use or warm. */
  async settled(): Promise<void> {
    let last: unknown = 'not ready';
    const look = async (): Promise<boolean> => {
      const ready = await this.#rig.call('/readyz').then(
        ({ status }) => status === 200,
        () => false,
      );
      if (!ready) return false;
      // A look at the engine first: what it told before the fault must not pass for what is so after it.
      if (last === 'not ready') await this.#rig.call('/api/vdi/cluster/reconcile', {});
      const { desktops, pools, lastFailure } = (await this.#rig.call('/api/vdi/cluster/status')).body;
      last = { desktops, pools, lastFailure };
      const filled = pools.every((pool: { wanted: number; warm: number }) => pool.warm >= pool.wanted);
      return filled && desktops.every(({ state }: { state: string }) => state === 'warm' || state === 'in use');
    };
    await this.#rig.until('the worker ready and every desktop usable', look, 90_000).catch((error: unknown) => {
      throw new Error(`last seen: ${JSON.stringify(last)}`, { cause: error });
    });
  }

  /** @param replaced a desktop's own container died: what must be the same is that its student gets one */
  async check(replaced: boolean): Promise<Held> {
    const moved: string[] = [];
    const blind: string[] = [];
    for (const [userId, containerId] of this.#seats) {
      const { containerId: now, ip } = await this.#allocated(userId);
      if (now !== containerId && !replaced) moved.push(`student ${userId} moved`);
      this.#seats.set(userId, now);
      if (!(await this.#sees(ip))) blind.push(`student ${userId} sees nothing`);
    }
    const listed = await this.#rig.desktops();
    const names = listed.map(({ Names }) => Names[0] ?? '');
    const ofStudents = names.filter((name) => /_u\d+$/.test(name));
    const expected = [...this.#seats.keys()].map((userId) => `/exam_${this.#examId}_u${userId}`);
    const known = (await this.#rig.call('/api/vdi/cluster/status')).body.desktops.map(
      ({ name }: { name: string }) => `/${name}`,
    );
    const strangers = names.filter((name) => !known.includes(name));
    const homes = await this.#homes(listed.map(({ Mounts }) => Mounts));
    const extra = ofStudents.filter((name) => !expected.includes(name));
    return {
      same: moved.length === 0 || moved.join(', '),
      seen: blind.length === 0 || blind.join(', '),
      one:
        (extra.length === 0 && new Set(this.#seats.values()).size === this.#seats.size) || `also ${extra.join(', ')}`,
      told: await this.#told(),
      clean: strangers.length + homes.length === 0 || `unknown: ${[...strangers, ...homes].join(', ')}`,
    };
  }

  async #told(): Promise<true | string> {
    const wrong = async (): Promise<string | undefined> => {
      const { history } = (await this.#rig.call('/api/vdi/cluster/status')).body;
      if (history.waiting > 0 || history.lastError !== null) return `not delivered: ${JSON.stringify(history)}`;
      for (const userId of this.#ever) {
        const query = `examId=${this.#examId}&userId=${userId}`;
        const { sessions } = (await this.#rig.call(`/api/vdi/cluster/history?${query}`)).body;
        const going = sessions
          .filter(({ endedAt }: { endedAt: string | null }) => endedAt === null)
          .map(({ containerId }: { containerId: string }) => containerId);
        const expected = this.#seats.get(userId);
        if (going.join() !== (expected ?? '')) return `student ${userId} has ${expected}, told is ${going}`;
      }
      return undefined;
    };
    let last: string | undefined;
    const fits = async (): Promise<boolean> => {
      last = await wrong();
      return last === undefined;
    };
    return this.#rig.until('the history told', fits, 60_000).then(
      () => true as const,
      () => last ?? 'no answer',
    );
  }

  /** Volumes of this worker that no listed desktop has mounted. */
  async #homes(mounts: readonly (readonly { readonly Name?: string | undefined }[])[]): Promise<string[]> {
    const mounted = mounts.flat().map(({ Name }) => Name);
    return (await this.#rig.volumes()).filter((name) => !mounted.includes(name));
  }

  /** Whether a join of the desktop at this address is painted. */
  async #sees(ip: string): Promise<boolean> {
    const client = new TunnelClient(this.#rig.url, { token: contractToken(this.#rig.guacTokenKey, ip) });
    try {
      await client.see('img');
      return true;
    } catch {
      return false;
    } finally {
      client.close();
    }
  }

  async #allocated(userId: number): Promise<{ containerId: string; ip: string }> {
    return this.#rig.until(
      `a desktop for student ${userId}`,
      async () => {
        const answer = await this.#rig.call('/api/vdi/cluster/allocate', { examId: this.#examId, userId });
        return answer.status === 200 && answer.body;
      },
      60_000,
    );
  }
}
