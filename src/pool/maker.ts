import { type Desktop, isInUse } from '../desktop/desktop.ts';
import { examOf, type Place, poolName, type Seat, seatName } from '../desktop/names.ts';
import { refillPace, type Slowed } from '../desktop/refill-pace.ts';
import { AddressRound } from './address-round.ts';
import { Lane } from './lane.ts';
import { freshOf, type PoolParts } from './parts.ts';
import { AddressTaken, type Container } from './ports.ts';
import type { Warmer } from './warmer.ts';

const ADDRESS_TRIES = 8;

type MakerParts = Pick<
  PoolParts,
  'settings' | 'engine' | 'host' | 'mirror' | 'roster' | 'history' | 'asked' | 'drain' | 'rush' | 'clock' | 'log'
> & {
  readonly warmer: Warmer;
  nudge(): void;
  newId(): string;
};

/** Makes desktops, each in its turn. */
export class Maker {
  readonly #parts: MakerParts;
  readonly #lane: Lane;
  readonly #addresses: AddressRound;
  readonly #unborn = new Map<string, Desktop>();

  constructor(parts: MakerParts) {
    this.#parts = parts;
    this.#addresses = new AddressRound(parts);
    this.#lane = new Lane({
      width: parts.settings.createWidth,
      clock: parts.clock,
      comingUp: () => parts.roster.all().filter((desktop) => desktop.state === 'starting').length,
      pace: (heldSince) =>
        refillPace({
          now: parts.clock(),
          students: parts.roster.all().filter(isInUse).length,
          waiting: parts.rush.waiting,
          lastJoinAt: parts.rush.lastJoinAt,
          heldSince,
          load: parts.host.load(),
        }),
    });
    parts.warmer.onChange(() => this.#lane.move());
  }

  /** Begins no other; one whose create is under way is made to its end. */
  close(): void {
    this.#lane.close();
  }

  /** Desktops whose create is under way, so that they count before the engine lists them. */
  unborn(): Desktop[] {
    return [...this.#unborn.values()].filter((desktop) => !this.#parts.roster.get(desktop.containerId));
  }

  isUnborn(desktopId: string): boolean {
    return this.#unborn.has(desktopId);
  }

  /** Starts making a pool desktop; it shows up in the roster, ready or failed. Counted from this call on, never rises. */
  make(examId: number, imageId: string, why: 'student' | 'refill'): void {
    const id = this.#parts.newId();
    const unborn = this.#conceive(id, { kind: 'pool', examId, id }, imageId, why === 'refill');
    void this.#queue(unborn, why === 'student' ? 'student' : 'pool', () => {
      const { drain, warmer } = this.#parts;
      return !drain.isDraining && warmer.pauseMs(examId, why) === 0 && (why === 'student' || this.#isShort(unborn));
    });
  }

  /**
   * Makes a desktop that is this student's from its beginning, with the files of his earlier one. Its name lets there be
   * only one. Never rises.
   * @returns when it is in the roster, or will not be
   */
  async makeFor(seat: Seat, imageId: string, volume: string): Promise<void> {
    const unborn = this.#conceive(this.#parts.newId(), { kind: 'seat', seat }, imageId, false);
    await this.#queue({ ...unborn, volume }, 'student', () => true);
  }

  #conceive(id: string, place: Exclude<Place, { kind: 'quarantine' }>, imageId: string, madeAhead: boolean): Desktop {
    const { settings, asked, clock } = this.#parts;
    const examId = examOf(place);
    const labels = {
      worker: settings.worker,
      examId,
      desktopId: id,
      imageId,
      template: settings.template,
      overrides: asked.overridesOf(examId),
      ...(madeAhead ? { madeAhead: true as const } : {}),
    };
    const name = place.kind === 'pool' ? poolName(examId, id) : seatName(place.seat);
    return { containerId: `unborn-${id}`, name, labels, createdAt: clock(), ip: '', place, state: 'starting' };
  }

  #queue(unborn: Desktop, queuedFor: 'student' | 'pool', isWanted: () => boolean): Promise<void> {
    const { name, labels } = unborn;
    const { examId, desktopId } = labels;
    const { warmer, clock, nudge } = this.#parts;
    const ended = Promise.withResolvers<void>();
    this.#unborn.set(desktopId, unborn);
    const gone = (): void => {
      this.#unborn.delete(desktopId);
      ended.resolve();
      warmer.changed();
    };
    this.#lane.add({
      id: unborn.containerId,
      examId,
      for: queuedFor,
      isWanted,
      act: async () => {
        const begunAt = clock();
        await this.#create(unborn).catch((error: unknown) => {
          // Whether it is there only the engine knows, and a student's must not be missed.
          if (isInUse(unborn)) this.#parts.roster.lose(unborn.containerId);
          warmer.rose({ examId, name, begunAt }, error);
        });
        gone();
      },
      drop: () => {
        gone();
        nudge();
      },
    });
    return ended.promise;
  }

  /** Desktops of pools that wait until they may begin, and what slows them. */
  refill(): { readonly held: number; readonly slowed?: Slowed } {
    const { held, pace } = this.#lane;
    return held > 0 && pace.slowed ? { held, slowed: pace.slowed } : { held };
  }

  /** So many students wait for this exam: what is in the line for its pool goes first. */
  hurry(examId: number, students: number): void {
    this.#lane.hurry(examId, students);
  }

  /** Takes a desktop that has not begun out of the line. @returns whether it was there */
  cancel(unbornId: string): boolean {
    return this.#lane.cancel(unbornId);
  }

  /** Gives up a pool's desktop that has not begun, for a student of another exam. @returns whether there was one */
  giveWay(): boolean {
    return this.#lane.giveWay();
  }

  // Asked when its turn has come: the level, or the exam's settings, may be others than when it was put in the line.
  #isShort({ labels }: Desktop): boolean {
    const { asked, roster } = this.#parts;
    // Old ones stay until this one has come.
    const fresh = freshOf({ roster, maker: this, asked }, labels.examId, labels);
    const isIn = fresh.some((desktop) => desktop.labels.desktopId === labels.desktopId);
    return isIn && fresh.length <= (asked.wanted.get(labels.examId) ?? 0);
  }

  async #create(unborn: Desktop): Promise<void> {
    const { engine, roster, history } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      const ip = await this.#addresses.next(() => this.#usedAddresses());
      this.#unborn.set(unborn.labels.desktopId, { ...unborn, ip });
      let container: Container;
      try {
        container = await engine.create({ name: unborn.name, labels: unborn.labels, ip, volume: unborn.volume });
      } catch (error) {
        if (error instanceof AddressTaken && attempt < ADDRESS_TRIES) continue;
        throw error;
      }
      const desktop = roster.put(container);
      if (desktop) history.made(desktop);
      if (desktop && isInUse(desktop)) {
        history.began(desktop, 'cold');
        this.#parts.warmer.mustProve(desktop.containerId);
      }
      this.#unborn.delete(unborn.labels.desktopId);
      // The create's turn ends here: coming up costs the engine nothing, the next create may begin.
      void this.#parts.warmer.bringUp(container.containerId);
      return;
    }
  }

  #usedAddresses(): Set<string> {
    const used = this.#parts.roster.addresses();
    for (const desktop of this.#unborn.values()) used.add(desktop.ip);
    return used;
  }
}
