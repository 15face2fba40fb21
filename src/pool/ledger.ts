import { type Desktop, seatOf } from '../desktop/desktop.ts';
import type { Files } from '../desktop/files.ts';
import type { Seat } from '../desktop/names.ts';
import type { RemoveReason } from '../desktop/plan.ts';
import type { Source } from './ports.ts';

/** The desktop an event is about, as it was then. One container serves one student once: it names the session, too. */
export interface LedgerDesktop {
  readonly containerId: string;
  readonly name: string;
  readonly desktopId: string;
  readonly examId: number;
  /** Missing while it is in a pool. */
  readonly userId?: number;
}

/** `replaced`: it could not be started again; its student goes on at another. `gone`: somebody else removed it, or this process died while it did. */
export type EndReason = 'released' | 'replaced' | RemoveReason | 'quarantined' | 'gone';

type Told =
  | { readonly kind: 'desktop-made'; readonly imageId: string; readonly template: string }
  /** `adopted`: found in use; where the same session was told of before, the database keeps what came first. */
  | { readonly kind: 'session-began'; readonly source: Source }
  /** A student's desktop had stopped and was started again, with his files. */
  | { readonly kind: 'desktop-restarted' }
  | { readonly kind: 'session-ended'; readonly why: EndReason }
  | { readonly kind: 'desktop-removed'; readonly why: EndReason; readonly reason?: string }
  /** The record as it was signed; the first good one, changes, and the last one before a claim. */
  | { readonly kind: 'proof-good'; readonly record: object }
  | { readonly kind: 'proof-failed'; readonly reason: string; readonly record?: object }
  | { readonly kind: 'quarantined'; readonly reason: string }
  /** A proctor or admin looked at the student's screen. */
  | ({ readonly kind: 'watch-began' } & Watched)
  | ({ readonly kind: 'watch-ended'; readonly seconds: number } & Watched)
  /** The student's screen was written down, into this file on the worker. */
  | { readonly kind: 'recording-began'; readonly file: string }
  | { readonly kind: 'recording-ended'; readonly file: string; readonly why: string; readonly bytes: number }
  /** The student's files came near their limit, reached it, or are below it again; or programs of his were ended. */
  | ({ readonly kind: 'files' } & Files);

/** Who looked on, as his login said. */
interface Watched {
  readonly watcherId: number;
  readonly watcher: string;
  readonly role: string;
}

/** One thing that happened, for the history in the central database. Holds no secret. */
export type LedgerEvent = Told & { readonly at: number; readonly desktop: LedgerDesktop };

/** Events that could not be kept for lack of room; `first` and `last` are their places in the order. */
export interface LedgerGap {
  readonly kind: 'events-dropped';
  readonly at: number;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** An event on its way: `id` makes a repeat harmless, `seq` grows with each event of this worker. */
export type LedgerEntry = (LedgerEvent | LedgerGap) & { readonly id: string; readonly seq: number };

/** An entry as the database has it, of whatever worker. */
export type WorkerEntry = LedgerEntry & { readonly worker: string };

/** The database will never take this entry, however often it is tried. */
export class EntryRefused extends Error {
  override name = 'EntryRefused';
}

/** The history's database. Every call rises when it cannot be reached. */
export interface LedgerStore {
  /** Looks whether it answers, and brings its tables up to this version. */
  prepare(): Promise<void>;
  /** Keeps these entries, in this order; one that it has is left as it is. @throws EntryRefused */
  keep(entries: readonly LedgerEntry[]): Promise<void>;
  /** Desktops of this worker of whose end it has not heard. */
  open(): Promise<LedgerDesktop[]>;
  /** Everything about the desktops that this student had in this exam, on any worker. */
  history(seat: Seat): Promise<WorkerEntry[]>;
}

/** What the ledger keeps of a desktop. */
export function inLedger(desktop: Desktop): LedgerDesktop {
  const userId = seatOf(desktop)?.userId;
  return {
    containerId: desktop.containerId,
    name: desktop.name,
    desktopId: desktop.labels.desktopId,
    examId: desktop.labels.examId,
    ...(userId === undefined ? {} : { userId }),
  };
}
