import { type Desktop, isDistrusted, isInUse, isPooled, isQuarantined, isUsable, takesSlot } from './desktop.ts';
import { type Overrides, sameOverrides } from './overrides.ts';
import { PROMISE_MS } from './promises.ts';
import { isOld, isServing, type Turnover, turnOver } from './rolling.ts';

/** What is, at one moment: every desktop of this worker, and how many it may have in all. */
export interface Snapshot {
  readonly desktops: readonly Desktop[];
  readonly maxDesktops: number;
  /** Image that new desktops are made from; undefined while the engine does not know it. */
  readonly imageId: string | undefined;
  /** Digest of the settings that new desktops are made with. */
  readonly template: string;
  /** Volumes of desktops that are gone, and have been for long enough. */
  readonly strayVolumes: readonly string[];
  /** Settings of their own, of the exams that have some. */
  readonly overrides: ReadonlyMap<number, Overrides>;
  /** Students for whom desktops are kept, per exam. */
  readonly promised: ReadonlyMap<number, number>;
  /** Pools go, and none is made. */
  readonly isDraining: boolean;
}

/** What was asked for: warm desktops per exam. */
export type Wanted = ReadonlyMap<number, number>;

/** One thing to do. A desktop in use is never removed: only a release or an operator's word ends it. */
export type Step =
  | { readonly kind: 'remove'; readonly containerId: string; readonly name: string; readonly why: RemoveReason }
  | { readonly kind: 'make'; readonly examId: number }
  | { readonly kind: 'hold'; readonly containerId: string; readonly name: string }
  /** Out of the pool for good: its proof failed. */
  | { readonly kind: 'quarantine'; readonly containerId: string; readonly name: string }
  /** In quarantine and still running. */
  | { readonly kind: 'stop'; readonly containerId: string; readonly name: string }
  /** A student's desktop that stopped: started again, with his files on it. */
  | { readonly kind: 'restart'; readonly containerId: string; readonly name: string }
  /** What a desktop left that somebody took away without it. */
  | { readonly kind: 'discard'; readonly volume: string };

export type RemoveReason = 'stopped' | 'failed' | 'stale' | 'surplus' | 'drained' | 'quarantine-over';

/** What waits in quarantine for the operator: the newest of a worker, for a day. */
export const QUARANTINE_MOST = 5;
export const QUARANTINE_MS = 24 * 3_600_000;

/** After a restart, which forgets promises, a young one may still be somebody's. */
export const SURPLUS_GRACE_MS = PROMISE_MS;

/**
 * Decides what brings the worker from what is to what was asked. Pure: same input, same steps, and a snapshot in which
 * all steps are done gives none.
 * @param now milliseconds since the epoch
 */
export function plan(snapshot: Snapshot, asked: Wanted, now: number): Step[] {
  const wanted: Wanted = snapshot.isDraining ? new Map() : asked;
  const quarantines = snapshot.desktops.filter(isCondemned).map((desktop) => step('quarantine', desktop));
  const removals = snapshot.desktops
    .filter((desktop) => isPooled(desktop) && !isCondemned(desktop))
    .flatMap((desktop) => removal(desktop, snapshot))
    .concat(surplus(snapshot, wanted, now));
  const over = quarantineOver(snapshot.desktops, now);
  const left = new Set([...quarantines, ...removals, ...over].map((each) => each.containerId));
  const staying = snapshot.desktops.filter((desktop) => !left.has(desktop.containerId));
  const { leave, replace } = turnoverOf(staying, snapshot, wanted);
  const kept = staying.filter((desktop) => !leave.includes(desktop));
  const stops = kept.filter((desktop) => isQuarantined(desktop) && takesSlot(desktop));
  return [
    ...quarantines,
    ...stops.map((desktop) => step('stop', desktop)),
    ...removals,
    ...leave.map((desktop) => remove(desktop, 'stale')),
    ...over,
    ...restarts(kept),
    ...holds(kept),
    ...makes(kept, snapshot.maxDesktops, wanted, replace),
    ...snapshot.strayVolumes.map((volume): Step => ({ kind: 'discard', volume })),
  ];
}

// One that is still coming up is looked at when it has: then its failure also slows down the making of others.
function isCondemned(desktop: Desktop): boolean {
  return isPooled(desktop) && isDistrusted(desktop) && desktop.state !== 'starting';
}

function quarantineOver(desktops: readonly Desktop[], now: number): Removal[] {
  return desktops
    .flatMap((desktop) => (desktop.place.kind === 'quarantine' ? [{ desktop, at: desktop.place.at }] : []))
    .sort((a, b) => b.at - a.at)
    .filter(({ at }, index) => index >= QUARANTINE_MOST || now - at > QUARANTINE_MS)
    .map(({ desktop }) => remove(desktop, 'quarantine-over'));
}

function step<Kind extends 'quarantine' | 'stop' | 'hold' | 'restart'>(kind: Kind, desktop: Desktop) {
  return { kind, containerId: desktop.containerId, name: desktop.name };
}

type Removal = Extract<Step, { kind: 'remove' }>;

function removal(desktop: Desktop, snapshot: Snapshot): Removal[] {
  const why = uselessBecause(desktop, snapshot);
  return why ? [remove(desktop, why)] : [];
}

function uselessBecause(desktop: Desktop, snapshot: Snapshot): RemoveReason | undefined {
  if (desktop.state === 'stopped') return 'stopped';
  if (desktop.state === 'failed') return 'failed';
  if (snapshot.isDraining) return 'drained';
  // With other settings of its exam it would show another page: no student may get it, so there is nothing to wait for.
  if (!sameOverrides(desktop.labels.overrides, snapshot.overrides.get(desktop.labels.examId))) return 'stale';
  return isOld(desktop, snapshot) && !isServing(desktop) ? 'stale' : undefined;
}

/** Desktops of an exam that stay: those asked for, and those promised. What is promised is made by who promised it. */
function keepers(examId: number, wanted: Wanted, { promised }: Snapshot): number {
  return (wanted.get(examId) ?? 0) + (promised.get(examId) ?? 0);
}

function surplus(snapshot: Snapshot, wanted: Wanted, now: number): Removal[] {
  const byExam = Map.groupBy(
    snapshot.desktops.filter(
      (desktop) =>
        isPooled(desktop) &&
        !isCondemned(desktop) &&
        !isOld(desktop, snapshot) &&
        uselessBecause(desktop, snapshot) === undefined,
    ),
    (desktop) => desktop.labels.examId,
  );
  return [...byExam].flatMap(([examId, pooled]) =>
    // Oldest first into the keepers: they are the ones already warm.
    [...pooled]
      .sort((a, b) => a.createdAt - b.createdAt)
      .slice(keepers(examId, wanted, snapshot))
      .filter((desktop) => now - desktop.createdAt > SURPLUS_GRACE_MS)
      .map((desktop) => remove(desktop, 'surplus')),
  );
}

function remove(desktop: Desktop, why: RemoveReason): Removal {
  return { kind: 'remove', containerId: desktop.containerId, name: desktop.name, why };
}

function restarts(desktops: readonly Desktop[]): Step[] {
  return desktops
    .filter((desktop) => isInUse(desktop) && desktop.state === 'stopped')
    .map((desktop) => step('restart', desktop));
}

function holds(desktops: readonly Desktop[]): Step[] {
  return desktops.filter((desktop) => desktop.state === 'ready').map((desktop) => step('hold', desktop));
}

function turnoverOf(staying: readonly Desktop[], snapshot: Snapshot, wanted: Wanted): Turnover {
  const examIds = new Set([...wanted.keys(), ...staying.filter(isPooled).map((desktop) => desktop.labels.examId)]);
  const stocks = [...examIds].map((examId) => ({
    examId,
    pooled: staying.filter((desktop) => isPooled(desktop) && desktop.labels.examId === examId),
    wanted: keepers(examId, wanted, snapshot),
  }));
  return turnOver(stocks, snapshot.maxDesktops - staying.filter(takesSlot).length, snapshot);
}

/** @param replace the exam for which one is made in an old one's place, before all others: it may have given its slot */
function makes(kept: readonly Desktop[], maxDesktops: number, wanted: Wanted, replace: number | undefined): Step[] {
  const make = (examId: number): Step => ({ kind: 'make', examId });
  let room = Math.max(0, maxDesktops - kept.filter(takesSlot).length);
  const first = replace !== undefined && room > 0 ? [make(replace)] : [];
  room -= first.length;
  const others = [...wanted].flatMap(([examId, count]) => {
    const pooled = kept.filter((desktop) => isPooled(desktop) && desktop.labels.examId === examId).length;
    const made = examId === replace ? first.length : 0;
    const missing = Math.min(Math.max(0, count - pooled - made), room);
    room -= missing;
    return Array.from({ length: missing }, () => make(examId));
  });
  return [...first, ...others];
}

/** Pool figures of one exam, as shown to admins. */
export interface PoolCount {
  readonly examId: number;
  readonly wanted: number;
  readonly warm: number;
  readonly creating: number;
  readonly inUse: number;
}

/** Counts per exam: every exam that has a desktop or is asked for. */
export function countPools(desktops: readonly Desktop[], wanted: Wanted): PoolCount[] {
  const examIds = new Set([...wanted.keys(), ...desktops.map((desktop) => desktop.labels.examId)]);
  return [...examIds]
    .sort((a, b) => a - b)
    .map((examId) => {
      const ofExam = desktops.filter((desktop) => desktop.labels.examId === examId);
      const pooled = ofExam.filter(isPooled);
      return {
        examId,
        wanted: wanted.get(examId) ?? 0,
        warm: pooled.filter((desktop) => isUsable(desktop) && !isDistrusted(desktop)).length,
        creating: pooled.filter((desktop) => desktop.state === 'starting').length,
        inUse: ofExam.filter(isInUse).length,
      };
    });
}
