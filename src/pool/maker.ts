import { desktopRange, nextAddress, parseAddress } from '../desktop/addresses.ts';
import { type Desktop, isPooled, isUsable } from '../desktop/desktop.ts';
import { poolName } from '../desktop/names.ts';
import { Pace } from './pace.ts';
import { bestEffort, type PoolParts } from './parts.ts';
import { AddressTaken, type Container, EngineDown, type Order } from './ports.ts';
import { Setbacks } from './setbacks.ts';

const ADDRESS_TRIES = 8;
const HOLD_AGAIN_MS = 1_000;

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
  readonly #setbacks = new Setbacks();
  readonly #unborn = new Map<string, Desktop>();
  readonly #comingUp = new Map<string, Promise<void>>();
  readonly #holding = new Set<string>();
  readonly #wakers = new Set<() => void>();
  #cursor: number | undefined;

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
      .catch((error: unknown) => this.#rose({ examId, name, begunAt: createdAt }, error))
      .finally(() => {
        this.#unborn.delete(id);
        this.#wake();
      });
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

  async #bringUp(containerId: string, began: number): Promise<void> {
    const { engine, roster, mirror, settings, log, clock } = this.#parts;
    const readiness = await engine.readiness(containerId, AbortSignal.timeout(settings.readyTimeoutMs));
    const desktop = roster.get(containerId);
    if (!desktop) return;
    if (readiness.kind === 'failed') {
      roster.setState(containerId, 'failed', readiness.reason);
      this.#failed({ ...atFault(desktop), reason: readiness.reason, begunAt: began });
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

interface Failure {
  readonly examId: number;
  readonly name: string;
  readonly reason: string;
  readonly begunAt: number;
}

function atFault({ name, labels }: Desktop): Pick<Failure, 'name' | 'examId'> {
  return { name, examId: labels.examId };
}
