import { type Desktop, isPooled, takesSlot } from '../desktop/desktop.ts';
import { type Seat, seatName } from '../desktop/names.ts';
import type { Promises } from '../desktop/promises.ts';
import { isOld, type Mould } from '../desktop/rolling.ts';
import type { Asked } from './asked.ts';
import type { Drain } from './drain.ts';
import type { History } from './history.ts';
import type { Maker } from './maker.ts';
import {
  type Clock,
  type Engine,
  type Holder,
  type Host,
  ImageMissing,
  type Ledger,
  type Log,
  type Mirror,
  type Source,
} from './ports.ts';
import type { Prover } from './prover.ts';
import type { Roster } from './roster.ts';
import type { Strays } from './strays.ts';
import type { Turns } from './turns.ts';
import type { Warmer } from './warmer.ts';
import type { Workspaces } from './workspaces.ts';

export interface PoolSettings {
  readonly worker: string;
  /** Desktops this host may have in all, pool and in use, by the contract's formula. */
  readonly maxDesktops: number;
  /** Largest pool that one prewarm may ask for. */
  readonly prewarmMax: number;
  /** Creates at a time. */
  readonly createWidth: number;
  /** A desktop's memory limit. */
  readonly desktopMemoryMb: number;
  /** A desktop that has not come up after this is failed. Milliseconds. */
  readonly readyTimeoutMs: number;
  /** allocate answers within this, well inside the caller's own limit. Milliseconds. */
  readonly answerWithinMs: number;
  /** Digest of everything a desktop is made with, the image aside. */
  readonly template: string;
  /** How often a desktop proves its lock. Milliseconds. */
  readonly proofEveryMs: number;
  /** A desktop without a firewall is not served. */
  readonly strictLock: boolean;
  /** How long a student's files are kept after his session. Milliseconds. */
  readonly workspaceKeepMs: number;
  /** The desktops' network, e.g. 10.213.0.0/20. */
  readonly network: string;
}

/** Students who come. */
export interface Rush {
  /** When one last asked for his desktop. */
  lastJoinAt: number;
  /** Students whose calls wait for a desktop to come up. */
  waiting: number;
}

/** What the use cases share. */
export interface PoolParts {
  readonly settings: PoolSettings;
  readonly engine: Engine;
  readonly host: Host;
  readonly holder: Holder;
  readonly mirror: Mirror;
  readonly roster: Roster;
  readonly turns: Turns;
  readonly maker: Maker;
  readonly warmer: Warmer;
  readonly history: History;
  readonly strays: Strays;
  readonly workspaces: Workspaces;
  /** When students' stopped desktops were last started again, by container id. */
  readonly restartedAt: Map<string, number>;
  readonly asked: Asked;
  readonly drain: Drain;
  readonly ledger: Ledger;
  readonly prover: Prover;
  /** Students for whom desktops are being made, waiting now or expected back. */
  readonly promises: Promises;
  readonly rush: Rush;
  /** What new desktops are made from, as last seen. */
  mould: Mould;
  readonly clock: Clock;
  readonly log: Log;
  /** Asks for a reconcile soon. */
  nudge(): void;
}

interface Desktops {
  readonly roster: Pick<Roster, 'all'>;
  readonly maker: Pick<Maker, 'unborn'>;
}

/** Every desktop that there is, in quarantine too, and those still being created. */
export function allDesktops({ roster, maker }: Desktops): Desktop[] {
  return [...roster.all(), ...maker.unborn()];
}

/** Every desktop that takes a slot: those still being created count, so that no slot is given out twice. */
export function everyDesktop(parts: Desktops): Desktop[] {
  return allDesktops(parts).filter(takesSlot);
}

/** The free desktops of an exam, or to be, that are made as new ones would be. One that is only to be removed is none. */
export function freshOf(parts: Desktops & Pick<PoolParts, 'asked'>, examId: number, mould: Mould): Desktop[] {
  return everyDesktop(parts).filter(
    (desktop) =>
      isPooled(desktop) &&
      desktop.state !== 'stopped' &&
      desktop.state !== 'failed' &&
      desktop.labels.examId === examId &&
      parts.asked.fits(desktop) &&
      !isOld(desktop, mould),
  );
}

/** Tells the cache of a student's session that begins now. */
export async function saveSession({ mirror, clock, log }: PoolParts, seat: Seat, source: Source): Promise<void> {
  const session = { containerName: seatName(seat), allocatedAt: new Date(clock()).toISOString(), source };
  await bestEffort(log, 'session', mirror.saveSession(seat, session));
}

/** @throws ImageMissing */
export async function imageForNew({ engine }: Pick<PoolParts, 'engine'>): Promise<string> {
  const imageId = await engine.imageId();
  if (imageId === undefined) throw new ImageMissing('exam image is missing; run ./start.sh to build it');
  return imageId;
}

/** Runs a cache write that must not fail its caller: Docker holds the truth and the cache is rewritten when Redis is back. */
export async function bestEffort(log: Log, what: string, act: Promise<void>): Promise<void> {
  try {
    await act;
  } catch (error) {
    log.warn({ error: String(error) }, `cache not written (${what}); rebuilt from Docker when Redis is back`);
  }
}
