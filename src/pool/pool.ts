import { setTimeout as pause } from 'node:timers/promises';
import type { Fit } from '../desktop/capacity.ts';
import type { Desktop } from '../desktop/desktop.ts';
import { type DrainStatus, drainStatus } from '../desktop/drain.ts';
import type { Seat } from '../desktop/names.ts';
import type { Overrides } from '../desktop/overrides.ts';
import { countPools, type PoolCount } from '../desktop/plan.ts';
import { Promises } from '../desktop/promises.ts';
import { type Allocation, allocate } from './allocate.ts';
import { Asked } from './asked.ts';
import { Drain, drain } from './drain.ts';
import { History } from './history.ts';
import type { LedgerDesktop } from './ledger.ts';
import { Maker } from './maker.ts';
import { bestEffort, everyDesktop, type PoolParts, type PoolSettings } from './parts.ts';
import type { Clock, DrainMemory, DrainState, Engine, Holder, Host, Ledger, Log, Mirror } from './ports.ts';
import { type Prewarmed, prewarm } from './prewarm.ts';
import { Prover } from './prover.ts';
import { keep, recall } from './recall.ts';
import { type Reconciled, reconcile } from './reconcile.ts';
import { release } from './release.ts';
import { lookForRoom } from './room.ts';
import { Roster } from './roster.ts';
import { Strays } from './strays.ts';
import { Turns } from './turns.ts';
import { Warmer } from './warmer.ts';
import { Workspaces } from './workspaces.ts';

const TIMER_MS = 15_000;
const NUDGE_MS = 100;
const FIRST_LOOK_MS = 5_000;

export interface PoolPorts {
  readonly settings: PoolSettings;
  readonly engine: Engine;
  readonly host: Host;
  readonly holder: Holder;
  readonly mirror: Mirror;
  readonly ledger: Ledger;
  readonly drainMemory: DrainMemory;
  readonly clock: Clock;
  readonly log: Log;
  /** The key that a desktop signs its proofs with. */
  proofKeysOf(desktopId: string): readonly Buffer[];
  /** A short unique id, lower-case letters and digits. */
  newId(): string;
  /** From 0 up to 1. */
  random(): number;
}

/**
 * The worker's desktops. What holds at all times:
 * - a student has at most one desktop per exam, and a desktop at most one student, ever;
 * - a desktop in use ends by release only, or is replaced with the same files when it cannot be started again;
 * - a student's files are removed only after their time;
 * - all that is known here can be lost and read again from Docker.
 */
export class Pool {
  readonly #parts: PoolParts;
  #timer: NodeJS.Timeout | undefined;
  #nudged: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(ports: PoolPorts) {
    const roster = new Roster();
    const nudge = (): void => this.nudge();
    const history = new History(ports.ledger, ports.clock);
    const asked = new Asked();
    const drain = new Drain(ports);
    const prover = new Prover({ ...ports, roster, nudge, proofKeysOf: ports.proofKeysOf });
    const rush = { lastJoinAt: Number.NEGATIVE_INFINITY, waiting: 0 };
    const warmer = new Warmer({ ...ports, roster, prover, nudge });
    const maker = new Maker({
      ...ports,
      roster,
      history,
      warmer,
      asked,
      drain,
      rush,
      nudge,
      newId: ports.newId,
    });
    this.#parts = {
      ...ports,
      roster,
      maker,
      warmer,
      history,
      strays: new Strays(ports),
      workspaces: new Workspaces(ports),
      restartedAt: new Map(),
      prover,
      turns: new Turns(),
      asked,
      drain,
      promises: new Promises(),
      rush,
      mould: { imageId: undefined, template: ports.settings.template },
      nudge,
    };
  }

  /** Adopts what runs and goes on from there. Waits for the first look, but not long: the engine may come later. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => this.nudge(), TIMER_MS);
    this.#pass();
    await Promise.race([this.#running, pause(FIRST_LOOK_MS, undefined, { ref: false })]);
  }

  /** Stops acting; every desktop goes on. Resolves when a pass under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#nudged);
    this.#parts.maker.close();
    this.#parts.prover.close();
    this.#parts.warmer.close();
    await this.#running;
  }

  /** @param withinMs how long a desktop may be waited for */
  allocate(seat: Seat, withinMs: number = this.#parts.settings.answerWithinMs): Promise<Allocation> {
    return allocate(this.#parts, seat, withinMs);
  }

  release(seat: Seat): Promise<boolean> {
    return release(this.#parts, seat);
  }

  /** @param overrides undefined: the exam's settings stay as they are */
  prewarm(examId: number, count: number, overrides?: Overrides): Promise<Prewarmed> {
    return prewarm(this.#parts, examId, count, overrides);
  }

  /** @param draining whether the worker takes nobody new */
  drain(draining: boolean): void {
    drain(this.#parts, draining, 'call');
  }

  /** The control-plane's table was read. */
  tableSaysDrain(draining: boolean): void {
    const isNews = this.#parts.drain.hear(draining);
    if (isNews && draining !== this.#parts.drain.isDraining) drain(this.#parts, draining, 'worker_nodes');
  }

  /** Who said that it drains, or serves; and why a restart would forget it. */
  get drainState(): DrainState & { readonly unkept?: string | undefined } {
    const { state, unkept } = this.#parts.drain;
    return { ...state, unkept };
  }

  get drainStatus(): DrainStatus {
    return drainStatus(this.#parts.drain.isDraining, everyDesktop(this.#parts));
  }

  reconcile(dryRun: boolean): Promise<Reconciled> {
    return this.#parts.turns.with('reconcile', () => reconcile(this.#parts, dryRun));
  }

  /** The engine's events can be heard (again): whatever failed on it before may be over. */
  engineIsBack(): void {
    this.#parts.warmer.engineIsBack();
    this.nudge();
  }

  /** A desktop's held connection broke: it is no longer warm until held again. */
  lostHold(containerId: string): void {
    const desktop = this.#parts.roster.get(containerId);
    if (desktop?.state !== 'warm') return;
    this.#parts.roster.setState(containerId, 'ready', desktop.reason);
    this.nudge();
  }

  /** Redis is there (again), maybe empty: make it say what Docker says. */
  mirrorIsBack(): void {
    // Before the first look at the engine the roster is empty: written out now, it would wipe every session. The look writes.
    if (this.#parts.roster.isAdopted) void this.#rewriteMirror();
    this.nudge();
  }

  async #rewriteMirror(): Promise<void> {
    const { mirror, roster, log } = this.#parts;
    await bestEffort(log, 'everything', mirror.rewrite(roster.all()));
    await keep(this.#parts);
  }

  desktops(): readonly Desktop[] {
    return this.#parts.roster.all();
  }

  /** What the database thinks is here, compared with what is. @returns false while that is not known */
  endLost(open: readonly LedgerDesktop[]): boolean {
    return this.#parts.history.endLost(open, this.#parts.roster);
  }

  /** The desktop at an address, if it is one of ours. */
  atAddress(ip: string): Desktop | undefined {
    return this.#parts.roster.atAddress(ip);
  }

  /** The student's desktop in this exam, if he has one. */
  atSeat(seat: Seat): Desktop | undefined {
    return this.#parts.roster.atSeat(seat);
  }

  counts(): (PoolCount & { readonly env: Overrides })[] {
    const { asked } = this.#parts;
    return countPools(everyDesktop(this.#parts), asked.wanted).map((count) => ({
      ...count,
      env: asked.overridesOf(count.examId),
    }));
  }

  /** How many desktops could be made now, and what is the narrowest. */
  async room(): Promise<Fit> {
    return (await lookForRoom(this.#parts))();
  }

  /** How filling the pools goes. */
  refill(): ReturnType<Maker['refill']> {
    return this.#parts.maker.refill();
  }

  get lastFailure(): string | undefined {
    return this.#parts.warmer.lastFailure;
  }

  /** Asks for a pass soon; many at once become one. */
  nudge(): void {
    if (this.#stopped) return;
    this.#nudged ??= setTimeout(() => {
      this.#nudged = undefined;
      this.#pass();
    }, NUDGE_MS);
  }

  #pass(): void {
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    if (this.#parts.drain.unkept !== undefined) this.#parts.drain.keep();
    this.#running = recall(this.#parts)
      .then(() => this.reconcile(false))
      .then((result) => {
        if (result.partial) this.#again = true;
      })
      .catch((error: unknown) => this.#parts.log.warn({ error: String(error) }, 'reconcile failed; trying again soon'))
      .finally(() => {
        this.#running = undefined;
        if (this.#again) this.nudge();
        this.#again = false;
      });
  }
}
