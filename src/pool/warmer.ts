import { type Desktop, isPooled, isUsable } from '../desktop/desktop.ts';
import { Closing } from './closing.ts';
import { bestEffort, type PoolParts } from './parts.ts';
import { EngineDown, ImageMissing } from './ports.ts';
import { type Cause, Setbacks } from './setbacks.ts';

const HOLD_AGAIN_MS = 1_000;
/** From the engine's create of a desktop until it is followed, at most, by who made it. By this host's clock, which may jump. */
const MADE_HERE_MS = 5_000;
const DISK_FULL = /no space left|disk quota exceeded/i;

type WarmerParts = Pick<
  PoolParts,
  'settings' | 'engine' | 'holder' | 'mirror' | 'roster' | 'prover' | 'clock' | 'log' | 'nudge'
> & { random(): number };

/** Brings desktops up to warm, and tells those who wait for one. */
export class Warmer {
  readonly #parts: WarmerParts;
  readonly #setbacks: Setbacks;
  readonly #comingUp = new Map<string, Promise<void>>();
  readonly #holding = new Set<string>();
  readonly #unproved = new Set<string>();
  readonly #wakers = new Set<() => void>();
  readonly #listeners: (() => void)[] = [];
  readonly #closing = new Closing();

  constructor(parts: WarmerParts) {
    this.#parts = parts;
    this.#setbacks = new Setbacks(parts.random);
  }

  /** Why the last one failed; undefined once one of its exam has come up again. */
  get lastFailure(): string | undefined {
    return this.#setbacks.last;
  }

  /** Waits for no desktop any more: what comes up meanwhile is found again at the next start. */
  close(): void {
    this.#closing.close();
  }

  /** Milliseconds until creates of this exam are worth trying again after failures; 0 when they are now. */
  pauseMs(examId: number, why: 'student' | 'refill' = 'refill'): number {
    return this.#setbacks.pauseMs(examId, this.#parts.clock(), why);
  }

  /** The engine was away, or was started anew: what failed before says nothing of now. */
  engineIsBack(): void {
    this.#setbacks.engineIsBack();
  }

  /** A student's desktop that was made anew is given to him when it has proved its lock, as one of a pool. */
  mustProve(containerId: string): void {
    this.#unproved.add(containerId);
  }

  /** Calls `act` at each change of any desktop's state. */
  onChange(act: () => void): void {
    this.#listeners.push(act);
  }

  /** Waits for a desktop to become ready and holds a connection to it. One at a time per desktop; never rises. */
  bringUp(containerId: string): Promise<void> {
    const under = this.#comingUp.get(containerId);
    if (under !== undefined) return under;
    const begunAt = this.#parts.clock();
    const run = this.#bringUp(containerId, begunAt)
      .catch((error: unknown) => {
        const desktop = this.#parts.roster.get(containerId);
        if (desktop) this.rose({ ...atFault(desktop), begunAt }, error);
      })
      .finally(() => {
        this.#comingUp.delete(containerId);
        this.changed();
      });
    this.#comingUp.set(containerId, run);
    return run;
  }

  /** Something has changed that those who wait should look at. */
  changed(): void {
    for (const act of this.#listeners) act();
    for (const wake of [...this.#wakers]) wake();
  }

  /** Resolves at the next change of any desktop's state, or after `ms`. */
  async nextChange(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms).unref();
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
      if (this.#closing.isOver) return;
      log.warn({ desktop: desktop.name, error: String(error) }, 'no guacd connection held; trying again soon');
      setTimeout(() => this.#parts.nudge(), HOLD_AGAIN_MS).unref();
    } finally {
      this.#holding.delete(desktop.containerId);
    }
  }

  /** An RDP login takes a second, most of it waiting: better spent while the session's programs start. Never rises. */
  #holdEarly(containerId: string, began: number): void {
    const { holder, roster, log } = this.#parts;
    const desktop = roster.get(containerId);
    if (!desktop) return;
    // One that a restarted worker finds is heard to begin, too, but has begun before: its student may be waiting.
    const isBeginning = Math.abs(began - desktop.createdAt) < MADE_HERE_MS;
    holder
      .hold(desktop, isBeginning)
      .then(() => {
        if (!roster.get(containerId)) holder.drop(containerId);
      })
      .catch((error: unknown) => log.info({ desktop: desktop.name, error: String(error) }, 'not held yet'));
  }

  async #bringUp(containerId: string, began: number): Promise<void> {
    const { engine, roster, mirror, prover, settings, log, clock } = this.#parts;
    prover.watch(containerId);
    if (this.#closing.isOver) return;
    const readiness = await this.#closing.within(settings.readyTimeoutMs, (signal) =>
      engine.readiness(containerId, signal, () => this.#holdEarly(containerId, began)),
    );
    const desktop = roster.get(containerId);
    if (!desktop || this.#closing.isOver) return;
    const fail = (reason: string): void => {
      roster.setState(containerId, 'failed', reason);
      const cause = DISK_FULL.test(reason) ? 'host' : 'desktop';
      this.#failed({ ...atFault(desktop), reason, begunAt: began }, cause);
    };
    if (readiness.kind === 'failed') return fail(readiness.reason);
    // Ready is not enough for a student who is still to come: the lock must be proved. Who has it keeps it.
    const isNew = isPooled(desktop) || this.#unproved.has(containerId);
    const proof = isNew ? await prover.first(desktop) : undefined;
    if (this.#closing.isOver) return;
    if (proof?.kind === 'bad') return fail(`it failed its proof: ${proof.reason}`);
    this.#unproved.delete(containerId);
    this.#setbacks.cameUp(desktop.labels.examId);
    roster.setState(containerId, 'ready', readiness.note);
    if (readiness.page) roster.setPage(containerId, readiness.page);
    const { note, page } = readiness;
    log.info({ desktop: desktop.name, ms: clock() - began, note, page }, 'desktop ready');
    this.changed();
    const ready = roster.get(containerId);
    if (!ready) return;
    if (isPooled(ready)) await bestEffort(log, 'pool', mirror.poolJoined(ready.labels.examId, ready.name));
    await this.hold(ready);
  }

  /**
   * Making one, or its coming up, rose. The absence of engine or image is no fault of this exam's desktops: back, it may
   * make them at once.
   */
  rose(failure: Omit<Failure, 'reason'>, error: unknown): void {
    if (error instanceof EngineDown || error instanceof ImageMissing) {
      this.#parts.log.warn(
        { desktop: failure.name, error: error.message },
        'engine or image away while a desktop came up',
      );
      this.#parts.nudge();
    } else this.#failed({ ...failure, reason: String(error) }, 'host');
  }

  #failed({ examId, name, reason, begunAt }: Failure, cause: Cause): void {
    const { log, clock, nudge } = this.#parts;
    this.#setbacks.failed({ examId, cause, words: `${name}: ${reason}`, begunAt }, clock());
    const pauseMs = this.pauseMs(examId);
    log.error({ desktop: name, reason, pauseMs }, 'desktop did not come up');
    nudge();
    setTimeout(nudge, pauseMs).unref();
  }
}

export interface Failure {
  readonly examId: number;
  readonly name: string;
  readonly reason: string;
  readonly begunAt: number;
}

function atFault({ name, labels }: Desktop): Pick<Failure, 'name' | 'examId'> {
  return { name, examId: labels.examId };
}
