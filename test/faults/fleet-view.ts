import { isDeepStrictEqual } from 'node:util';
import type { Answer, ControlPlane } from '../rig/control-plane.ts';
import { becomes } from './becomes.ts';
import type { FleetWorker } from './fleet-machines.ts';

/** Cold desktops, a machine that starts anew and a busy host in it. */
const COMES_MS = 120_000;
const IN_USE = /^exam_\d+_u\d+ running$/;

/** The fleet as the admin sees it, beside what is really there. */
export class FleetView {
  readonly #controlPlane: ControlPlane;
  readonly #admin: string;

  constructor(controlPlane: ControlPlane, admin: string) {
    this.#controlPlane = controlPlane;
    this.#admin = admin;
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
  async get(path: string): Promise<any> {
    return (await this.#controlPlane.call('GET', path, this.#admin)).body;
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
  async worker({ code }: FleetWorker): Promise<any> {
    return (await this.get('/api/vdi/workers')).find((row: { code: string }) => row.code === code);
  }

  /** Worker by student's number. */
  async places(): Promise<ReadonlyMap<number, string>> {
    const sessions: { userId: number; workerCode: string }[] = await this.get('/api/vdi/sessions');
    return new Map(sessions.map(({ userId, workerCode }) => [userId, workerCode]));
  }

  /** What runs there for students, by its engine. */
  async inUse(worker: FleetWorker): Promise<number> {
    return (await worker.desktops()).filter((desktop) => IN_USE.test(desktop)).length;
  }

  /** Waits until these workers are healthy and each has so many sessions: by its heartbeat, for the admin and on its engine. */
  counts(what: string, wanted: readonly (readonly [FleetWorker, number])[]): Promise<void> {
    return this.until(what, async () => {
      for (const [worker, count] of wanted) {
        const row = await this.worker(worker);
        const seen = {
          healthy: row?.isHealthy,
          ready: row?.metadata.ready,
          told: row?.reportedSessions,
          shown: row?.activeSessions,
          real: await this.inUse(worker),
        };
        const meant = { healthy: true, ready: true, told: count, shown: count, real: count };
        if (!isDeepStrictEqual(seen, meant)) return `${worker.code} is ${JSON.stringify(seen)}, not ${count}`;
      }
      return true;
    });
  }

  async until(what: string, look: () => Promise<true | string>): Promise<void> {
    const seen = await becomes(look, COMES_MS);
    if (seen !== true) throw new Error(`not seen: ${what}: ${seen}`);
  }

  /** Asks as the student's page does, until he sits. */
  async seated(ask: () => Promise<Answer>): Promise<Answer> {
    let last: Answer | undefined;
    await this.until('a student seated', async () => {
      last = await ask();
      return last.status === 200 || JSON.stringify(last);
    });
    return last as Answer;
  }
}
