import { type Desktop, seatOf } from '../desktop/desktop.ts';
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

/** `gone`: somebody else removed it, or this process died while it did. */
export type EndReason = 'released' | RemoveReason | 'gone';

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
  | { readonly kind: 'quarantined'; readonly reason: string };

/** One thing that happened, for the history in the central database. Holds no secret. */
export type LedgerEvent = Told & { readonly at: number; readonly desktop: LedgerDesktop };

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
