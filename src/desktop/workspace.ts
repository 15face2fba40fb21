import { type Desktop, isInUse } from './desktop.ts';
import { type Seat, seatName } from './names.ts';

/** Where the student's files are: a volume, so that they outlive their desktop (docs/adr/0014). */
export const WORKSPACE = '/home/student/workspace';

/**
 * A container that is never started. It says by its name whose a workspace is, and keeps its volume from being nobody's.
 */
export interface Carrier {
  readonly containerId: string;
  readonly name: string;
  readonly volume: string;
  readonly examId: number;
  /** Of the desktop that the volume was made with. */
  readonly desktopId: string;
  /** Undefined: nobody knows whose it is. */
  readonly seat?: Seat | undefined;
  /** Since when it is only kept; undefined while the student's session goes on. Milliseconds since the epoch. */
  readonly keptSince?: number | undefined;
}

const WORK = /^exam_([1-9]\d{0,15})_u([1-9]\d{0,15})_work_([a-z0-9]+)$/;
const KEPT = /^exam_([1-9]\d{0,15})_u([1-9]\d{0,15})_kept_([a-z0-9]+)_([0-9a-f]{1,13})$/;
const LOST = /^exam_([1-9]\d{0,15})_lost_([a-z0-9]+)_([0-9a-f]{1,13})$/;

/** Its name while the student's session goes on. */
export function workName(seat: Seat, desktopId: string): string {
  return `${seatName(seat)}_work_${desktopId}`;
}

/** Its name from the release on. */
export function keptName(seat: Seat, desktopId: string, at: number): string {
  return `${seatName(seat)}_kept_${desktopId}_${at.toString(16)}`;
}

/** Its name when nobody knows whose it is, and since when. */
export function lostName(examId: number, desktopId: string, at: number): string {
  return `exam_${examId}_lost_${desktopId}_${at.toString(16)}`;
}

/** What a carrier's name says; undefined when it is none. */
export function parseCarrierName(
  name: string,
): Pick<Carrier, 'examId' | 'desktopId' | 'seat' | 'keptSince'> | undefined {
  const [, exam, user, id, at] = WORK.exec(name) ?? KEPT.exec(name) ?? [];
  if (exam && user && id) {
    const seat = { examId: Number(exam), userId: Number(user) };
    return { examId: seat.examId, desktopId: id, seat, ...(at ? { keptSince: Number.parseInt(at, 16) } : {}) };
  }
  const [, lostExam, lostId, lostAt] = LOST.exec(name) ?? [];
  if (!lostExam || !lostId || !lostAt) return undefined;
  return { examId: Number(lostExam), desktopId: lostId, keptSince: Number.parseInt(lostAt, 16) };
}

/** Workspaces at one moment. */
export interface Workspaced {
  /** Those that are being made, too. */
  readonly desktops: readonly Desktop[];
  readonly carriers: readonly Carrier[];
  /** Volumes of sessions that were seen here and not released. */
  readonly seated: ReadonlyMap<string, InSession>;
  /** Volumes of students' files that no container has, and has had none for long enough. */
  readonly lost: readonly LostWorkspace[];
  /** How long a workspace is kept after its session. Milliseconds. */
  readonly keepMs: number;
}

/** A workspace in use. */
export interface InSession {
  readonly seat: Seat;
  readonly volume: string;
  /** Of the desktop that has it, or had it last. */
  readonly desktopId: string;
  readonly imageId: string;
}

export interface LostWorkspace {
  readonly volume: string;
  readonly examId: number;
  readonly desktopId: string;
}

/** One thing to do for students' files. */
export type WorkspaceStep =
  /** A student's workspace gets its carrier, or the one it has says again that it is in use. */
  | { readonly kind: 'carry'; readonly name: string; readonly session: InSession }
  /** Its session has ended, here or before this process began: from now on it is only kept. */
  | { readonly kind: 'keep'; readonly name: string; readonly seat: Seat; readonly volume: string }
  /** The desktop of a session that goes on is not there: a new one with the same workspace. */
  | { readonly kind: 'restore'; readonly name: string; readonly seat: Seat; readonly volume: string }
  /** Its time is over. */
  | { readonly kind: 'expire'; readonly name: string; readonly volume: string }
  /** Nobody knows whose it is: kept like a released one. */
  | { readonly kind: 'find'; readonly name: string; readonly lost: LostWorkspace };

/** Decides what is to be done for students' files. Pure; done, it gives nothing. */
export function planWorkspaces(facts: Workspaced, now: number): WorkspaceStep[] {
  const { desktops, carriers, seated, lost, keepMs } = facts;
  const mounted = new Set(desktops.map((desktop) => desktop.volume));
  const working = new Set(carriers.filter((each) => each.keptSince === undefined).map(({ volume }) => volume));
  const atSeats = new Set(desktops.filter(isInUse).map(({ name }) => name));
  return [
    // Those whose desktop has vanished meanwhile, too.
    ...[...seated.values()]
      .filter(({ volume }) => !working.has(volume))
      .map((session): WorkspaceStep => ({ kind: 'carry', name: seatName(session.seat), session })),
    ...carriers
      .filter(({ volume }) => !mounted.has(volume))
      .flatMap(({ name, seat, volume, keptSince }): WorkspaceStep[] => {
        if (keptSince !== undefined) return now - keptSince >= keepMs ? [{ kind: 'expire', name, volume }] : [];
        if (!seat) return [];
        const goesOn = seated.has(volume) && !atSeats.has(seatName(seat));
        return [{ kind: goesOn ? 'restore' : 'keep', name: seatName(seat), seat, volume }];
      }),
    ...lost.map((each): WorkspaceStep => ({ kind: 'find', name: each.volume, lost: each })),
  ];
}
