import { type Seat, seatName } from '../../src/desktop/names.ts';
import type { Rig } from '../rig/rig.ts';
import { WORK } from './invariants.ts';

const NOTHING = '';

/** What of an allocate's answer counts here. */
interface Allocated {
  readonly containerId: string;
  readonly ip: string;
  readonly connection: { readonly token: string };
}

/** What all students of a walk know together. */
export interface Walked {
  readonly rig: Rig;
  /** Who was given a desktop, in which of his sessions. */
  readonly servedTo: Map<string, string>;
  /** Desktops that ended by themselves: another may have taken their place. */
  readonly died: Set<string>;
  /** Says that something is not as it must be, and ends the walk. */
  broken(law: string): void;
}

/**
 * One student as the control-plane knows him, by the answers that came. His calls go one after the other, as a
 * control-plane makes them, so that there is never a doubt about what must be so; what hangs up goes on behind his back.
 */
export class WalkStudent {
  readonly seat: Seat;
  readonly name: string;
  readonly #walked: Walked;
  /** Undefined: nobody has told him of a desktop since he last left one. */
  desktop: Allocated | undefined;
  /** Whether he wants a desktop, by his last call. */
  wants = false;
  #session = 1;
  /** What his file may hold: one text, or more when a write was cut off. */
  #works: readonly string[] = [NOTHING];
  #written = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(seat: Seat, walked: Walked) {
    this.seat = seat;
    this.name = seatName(seat);
    this.#walked = walked;
  }

  /** Does this when all is done that he began before. */
  inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** An allocate was answered with this desktop. @returns whether it is the first answer of this session */
  given(desktop: Allocated): boolean {
    const { servedTo, died, broken } = this.#walked;
    const { containerId } = desktop;
    const own = `${this.name}, session ${this.#session}`;
    const before = servedTo.get(containerId);
    if (before !== undefined && before !== own) broken(`${containerId} of ${before} was given to ${own}`);
    servedTo.set(containerId, own);
    const had = this.desktop;
    if (had && had.containerId !== containerId && !died.has(had.containerId))
      broken(`${own} had ${had.containerId} and was given ${containerId}`);
    this.desktop = desktop;
    return had === undefined;
  }

  /** He hands in: from here on his desktop may go, and what comes next is another session. */
  leaves(): void {
    this.wants = false;
    this.desktop = undefined;
    this.#works = [NOTHING];
    this.#session++;
  }

  /** Writes his file anew. A write that is cut off leaves the one before it whole. */
  async write(): Promise<boolean> {
    const { desktop } = this;
    if (!desktop) return false;
    const text = `${this.name}, session ${this.#session}, text ${++this.#written}`;
    this.#works = [...this.#works, text];
    const command = `echo '${text}' > ${WORK}.new && mv ${WORK}.new ${WORK}`;
    const wrote = await this.#inside(desktop.containerId, ['sh', '-c', command]);
    if (wrote?.code !== 0) return false;
    this.#works = [text];
    return true;
  }

  /** What is in his file. It must be what he wrote. */
  async read(): Promise<string> {
    const said = await this.#inside(this.desktop?.containerId ?? '', ['cat', WORK]);
    const work = said?.code === 0 ? said.output.trim() : NOTHING;
    if (!this.#works.includes(work))
      this.#walked.broken(`${this.name} has lost his work: '${work}' is not ${this.#works}`);
    return work;
  }

  /** Undefined when the desktop ended meanwhile. */
  async #inside(containerId: string, command: string[]): Promise<{ code: number; output: string } | undefined> {
    return this.#walked.rig.exec(containerId, command, 'student').catch(() => undefined);
  }
}
