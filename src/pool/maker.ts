import { desktopRange, nextAddress, parseAddress } from '../desktop/addresses.ts';
import { type Desktop, isPooled, isUsable } from '../desktop/desktop.ts';
import { poolName } from '../desktop/names.ts';
import { Pace } from './pace.ts';
import { bestEffort, type PoolParts } from './parts.ts';
import { AddressTaken, type Container, type Order } from './ports.ts';

const ADDRESS_TRIES = 8;
const HOLD_AGAIN_MS = 1_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

type MakerParts = Pick<
  PoolParts,
  'settings' | 'engine' | 'holder' | 'mirror' | 'roster' | 'history' | 'asked' | 'clock' | 'log'
> & {
  nudge(): void;
  newId(): string;
};

/** Makes desktops and brings them up to warm. */
export class Maker {
  readonly #parts: MakerParts;
  readonly #pace: Pace;
  readonly #unborn = new Map<string, Desktop>();
  readonly #comingUp = new Map<string, Promise<void>>();
  readonly #holding = new Set<string>();
  readonly #wakers = new Set<() => void>();
  #cursor: number | undefined;
  #failuresInRow = 0;
  #pauseUntil = 0;
  #lastFailure: string | undefined;

  constructor(parts: MakerParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.settings.createWidth);
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
    return this.#lastFailure;
  }

  /** Milliseconds until creates are worth trying again after failures; 0 when they are now. */
  pauseMs(): number {
    return Math.max(0, this.#pauseUntil - this.#parts.clock());
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
    const createdAt = this.#parts.clock();
    this.#unborn.set(id, {
      containerId: `unborn-${id}`,
      name,
      labels,
      createdAt,
      ip: '',
      place: { kind: 'pool', examId, id },
      state: 'starting',
    });
    void this.#pace
      .with(() => this.#create({ name, labels, ip: '' }))
      .catch((error: unknown) => this.#failed(name, String(error)))
      .finally(() => {
        this.#unborn.delete(id);
        this.#wake();
      });
  }

  /** Waits for a desktop to become ready and holds a connection to it. One at a time per desktop; never rises. */
  bringUp(containerId: string): Promise<void> {
    const under = this.#comingUp.get(containerId);
    if (under !== undefined) return under;
    const run = this.#bringUp(containerId)
      .catch((error: unknown) => this.#failed(this.#parts.roster.get(containerId)?.name ?? containerId, String(error)))
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

  async #create(order: Order): Promise<void> {
    const { engine, roster, history } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      const ip = await this.#takeAddress(order.labels.desktopId);
      let container: Container;
      try {
        container = await engine.create({ ...order, ip });
      } catch (error) {
        if (error instanceof AddressTaken && attempt < ADDRESS_TRIES) continue;
        throw error;
      }
      const desktop = roster.put(container);
      if (desktop) history.made(desktop);
      this.#unborn.delete(order.labels.desktopId);
      // The create's turn ends here: coming up costs the engine nothing, the next create may begin.
      void this.bringUp(container.containerId);
      return;
    }
  }

  async #bringUp(containerId: string): Promise<void> {
    const { engine, roster, mirror, settings, log, clock } = this.#parts;
    const began = clock();
    const readiness = await engine.readiness(containerId, AbortSignal.timeout(settings.readyTimeoutMs));
    const desktop = roster.get(containerId);
    if (!desktop) return;
    if (readiness.kind === 'failed') {
      roster.setState(containerId, 'failed', readiness.reason);
      this.#failed(desktop.name, readiness.reason);
      return;
    }
    this.#failuresInRow = 0;
    this.#pauseUntil = 0;
    this.#lastFailure = undefined;
    roster.setState(containerId, 'ready', readiness.note);
    log.info({ desktop: desktop.name, ms: clock() - began, note: readiness.note }, 'desktop ready');
    this.#wake();
    const ready = roster.get(containerId);
    if (!ready) return;
    if (isPooled(ready)) await bestEffort(log, 'pool', mirror.poolJoined(ready.labels.examId, ready.name));
    await this.hold(ready);
  }

  // A broken image fails each time: without a growing pause the worker would make and remove desktops as fast as it can.
  #failed(name: string, reason: string): void {
    const { log, clock, nudge } = this.#parts;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failuresInRow++);
    this.#pauseUntil = clock() + pause;
    this.#lastFailure = `${name}: ${reason}`;
    log.error({ desktop: name, reason, pauseMs: pause }, 'desktop did not come up');
    nudge();
  }

  async #takeAddress(desktopId: string): Promise<string> {
    const { mirror, roster, settings, log } = this.#parts;
    const range = desktopRange(settings.network);
    if (this.#cursor === undefined) {
      const saved = await mirror.loadCursor().catch(() => undefined);
      // With the cursor lost, a random start makes it unlikely that an address of the last hours comes back.
      const random = range.first + Math.floor(Math.random() * (range.last - range.first));
      this.#cursor ??= (saved === undefined ? undefined : parseAddress(saved)) ?? random;
    }
    const used = roster.addresses();
    for (const desktop of this.#unborn.values()) used.add(desktop.ip);
    const address = nextAddress(range, this.#cursor, used);
    if (address === undefined) throw new Error(`no free address left in ${settings.network}`);
    this.#cursor = parseAddress(address);
    const unborn = this.#unborn.get(desktopId);
    if (unborn) this.#unborn.set(desktopId, { ...unborn, ip: address });
    void bestEffort(log, 'address cursor', mirror.saveCursor(address));
    return address;
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }
}
