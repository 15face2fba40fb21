import { type Desktop, isInUse, isPooled, isUsable } from '../desktop/desktop.ts';
import { poolName } from '../desktop/names.ts';
import { refillPace, type Slowed } from '../desktop/refill-pace.ts';
import { isOld } from '../desktop/rolling.ts';
import { AddressRound } from './address-round.ts';
import { Lane } from './lane.ts';
import { bestEffort, everyDesktop, type PoolParts } from './parts.ts';
import { AddressTaken, type Container, EngineDown } from './ports.ts';
import { Setbacks } from './setbacks.ts';

const ADDRESS_TRIES = 8;
const HOLD_AGAIN_MS = 1_000;

type MakerParts = Pick<
  PoolParts,
  | 'settings'
  | 'engine'
  | 'host'
  | 'holder'
  | 'mirror'
  | 'roster'
  | 'history'
  | 'prover'
  | 'asked'
  | 'waiting'
  | 'rush'
  | 'clock'
  | 'log'
> & {
  nudge(): void;
  newId(): string;
};

/** Makes desktops and brings them up to warm. */
export class Maker {
  readonly #parts: MakerParts;
  readonly #lane: Lane;
  readonly #addresses: AddressRound;
  readonly #setbacks = new Setbacks();
  readonly #unborn = new Map<string, Desktop>();
  readonly #comingUp = new Map<string, Promise<void>>();
  readonly #holding = new Set<string>();
  readonly #wakers = new Set<() => void>();

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
          waiting: [...parts.waiting.values()].reduce((sum, each) => sum + each, 0),
          lastJoinAt: parts.rush.lastJoinAt,
          heldSince,
          load: parts.host.load(),
        }),
    });
  }

  /** Desktops whose create is under way, so that they count before the engine lists them. */
  unborn(): Desktop[] {
    return [...this.#unborn.values()].filter((desktop) => !this.#parts.roster.get(desktop.containerId));
  }

  isUnborn(desktopId: string): boolean {
    return this.#unborn.has(desktopId);
  }

  /** Why the last create failed; undefined once one has come up again. */
  get lastFailure(): string | undefined {
    return this.#setbacks.last;
  }

  /** Milliseconds until creates of this exam are worth trying again after failures; 0 when they are now. */
  pauseMs(examId: number): number {
    return this.#setbacks.pauseMs(examId, this.#parts.clock());
  }

  /** Starts making a pool desktop; it shows up in the roster, ready or failed. Counted from this call on, never rises. */
  make(examId: number, imageId: string, why: 'student' | 'refill'): void {
    const id = this.#parts.newId();
    const name = poolName(examId, id);
    const labels = {
      worker: this.#parts.settings.worker,
      examId,
      desktopId: id,
      imageId,
      template: this.#parts.settings.template,
      overrides: this.#parts.asked.overridesOf(examId),
      ...(why === 'refill' ? { madeAhead: true as const } : {}),
    };
    const unborn: Desktop = {
      containerId: `unborn-${id}`,
      name,
      labels,
      createdAt: this.#parts.clock(),
      ip: '',
      place: { kind: 'pool', examId, id },
      state: 'starting',
    };
    this.#unborn.set(id, unborn);
    const gone = (): void => {
      this.#unborn.delete(id);
      this.#wake();
    };
    this.#lane.add({
      id: unborn.containerId,
      examId,
      for: why === 'student' ? 'student' : 'pool',
      isWanted: () => this.pauseMs(examId) === 0 && (why === 'student' || this.#isShort(unborn)),
      act: async () => {
        const begunAt = this.#parts.clock();
        await this.#create(unborn).catch((error: unknown) => this.#rose({ examId, name, begunAt }, error));
        gone();
      },
      drop: () => {
        gone();
        this.#parts.nudge();
      },
    });
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
    const fits = (desktop: Desktop): boolean =>
      desktop.labels.examId === labels.examId && asked.fits(desktop) && !isOld(desktop, { ...labels });
    const pooled = everyDesktop({ roster, maker: this }).filter((desktop) => isPooled(desktop) && fits(desktop));
    const isIn = pooled.some((desktop) => desktop.labels.desktopId === labels.desktopId);
    return isIn && pooled.length <= (asked.wanted.get(labels.examId) ?? 0);
  }

  /** Waits for a desktop to become ready and holds a connection to it. One at a time per desktop; never rises. */
  bringUp(containerId: string): Promise<void> {
    const under = this.#comingUp.get(containerId);
    if (under !== undefined) return under;
    const begunAt = this.#parts.clock();
    const run = this.#bringUp(containerId, begunAt)
      .catch((error: unknown) => {
        const desktop = this.#parts.roster.get(containerId);
        if (desktop) this.#rose({ ...atFault(desktop), begunAt }, error);
      })
      .finally(() => {
        this.#comingUp.delete(containerId);
        this.#wake();
      });
    this.#comingUp.set(containerId, run);
    return run;
  }

  /** Resolves at the next change of any desktop's state, or after `ms`. */
  async nextChange(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wakers.add(done);
    });
  }

  /** Holds a guacd connection to a ready desktop; it stays ready, and usable, when guacd does not answer. Never rises. */
  async hold(desktop: Desktop): Promise<void> {
    const { holder, roster, log } = this.#parts;
    if (this.#holding.has(desktop.containerId)) return;
    this.#holding.add(desktop.containerId);
    try {
      await holder.hold(desktop);
      const now = roster.get(desktop.containerId);
      // Gone, stopped or released while guacd logged in: nothing to keep a connection to.
      if (!now || !isUsable(now)) return holder.drop(desktop.containerId);
      roster.setState(now.containerId, 'warm', now.reason);
    } catch (error) {
      log.warn({ desktop: desktop.name, error: String(error) }, 'no guacd connection held; trying again soon');
      setTimeout(() => this.#parts.nudge(), HOLD_AGAIN_MS).unref();
    } finally {
      this.#holding.delete(desktop.containerId);
    }
  }

  /** An RDP login takes a second, most of it waiting: better spent while the session's programs start. Never rises. */
  #holdEarly(containerId: string): void {
    const { holder, roster, log } = this.#parts;
    const desktop = roster.get(containerId);
    if (!desktop) return;
    holder
      .hold(desktop)
      .then(() => {
        if (!roster.get(containerId)) holder.drop(containerId);
      })
      .catch((error: unknown) => log.info({ desktop: desktop.name, error: String(error) }, 'not held yet'));
  }

  async #create(unborn: Desktop): Promise<void> {
    const { engine, roster, history } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      const ip = await this.#addresses.next(() => this.#usedAddresses());
      this.#unborn.set(unborn.labels.desktopId, { ...unborn, ip });
      let container: Container;
      try {
        container = await engine.create({ name: unborn.name, labels: unborn.labels, ip });
      } catch (error) {
        if (error instanceof AddressTaken && attempt < ADDRESS_TRIES) continue;
        throw error;
      }
      const desktop = roster.put(container);
      if (desktop) history.made(desktop);
      this.#unborn.delete(unborn.labels.desktopId);
      // The create's turn ends here: coming up costs the engine nothing, the next create may begin.
      void this.bringUp(container.containerId);
      return;
    }
  }

  async #bringUp(containerId: string, began: number): Promise<void> {
    const { engine, roster, mirror, prover, settings, log, clock } = this.#parts;
    prover.watch(containerId);
    const patience = AbortSignal.timeout(settings.readyTimeoutMs);
    const readiness = await engine.readiness(containerId, patience, () => this.#holdEarly(containerId));
    const desktop = roster.get(containerId);
    if (!desktop) return;
    if (readiness.kind === 'failed') {
      roster.setState(containerId, 'failed', readiness.reason);
      this.#failed({ ...atFault(desktop), reason: readiness.reason, begunAt: began });
      return;
    }
    // Ready is not enough for a student who is still to come: the lock must be proved. Who has it keeps it.
    const proof = isPooled(desktop) ? await prover.first(desktop) : undefined;
    if (proof?.kind === 'bad') {
      const reason = `it failed its proof: ${proof.reason}`;
      roster.setState(containerId, 'failed', reason);
      this.#failed({ ...atFault(desktop), reason, begunAt: began });
      return;
    }
    this.#setbacks.cameUp(desktop.labels.examId);
    roster.setState(containerId, 'ready', readiness.note);
    log.info({ desktop: desktop.name, ms: clock() - began, note: readiness.note }, 'desktop ready');
    this.#wake();
    const ready = roster.get(containerId);
    if (!ready) return;
    if (isPooled(ready)) await bestEffort(log, 'pool', mirror.poolJoined(ready.labels.examId, ready.name));
    await this.hold(ready);
  }

  // The engine's absence is no fault of this exam's desktops: when it is back they may be made at once.
  #rose(failure: Omit<Failure, 'reason'>, error: unknown): void {
    if (error instanceof EngineDown) {
      this.#parts.log.warn({ desktop: failure.name, error: error.message }, 'engine away while a desktop came up');
      this.#parts.nudge();
    } else this.#failed({ ...failure, reason: String(error) });
  }

  #failed({ examId, name, reason, begunAt }: Failure): void {
    const { log, clock, nudge } = this.#parts;
    this.#setbacks.failed(examId, `${name}: ${reason}`, begunAt, clock());
    const pauseMs = this.pauseMs(examId);
    log.error({ desktop: name, reason, pauseMs }, 'desktop did not come up');
    nudge();
    setTimeout(nudge, pauseMs).unref();
  }

  #usedAddresses(): Set<string> {
    const used = this.#parts.roster.addresses();
    for (const desktop of this.#unborn.values()) used.add(desktop.ip);
    return used;
  }

  #wake(): void {
    this.#lane.move();
    for (const wake of [...this.#wakers]) wake();
  }
}

interface Failure {
  readonly examId: number;
  readonly name: string;
  readonly reason: string;
  readonly begunAt: number;
}

function atFault({ name, labels }: Desktop): Pick<Failure, 'name' | 'examId'> {
  return { name, examId: labels.examId };
}
