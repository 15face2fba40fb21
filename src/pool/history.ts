import { type Desktop, isInUse } from '../desktop/desktop.ts';
import { type EndReason, inLedger, type LedgerDesktop } from './ledger.ts';
import type { Clock, Ledger, Source } from './ports.ts';
import type { Roster } from './roster.ts';

interface Known {
  readonly desktop: Desktop;
  /** The beginning of its session has been told. */
  readonly begun: boolean;
  readonly leaving?: { readonly why: EndReason; readonly reason?: string };
}

/**
 * Tells the ledger of every desktop's life once: what the pool does, and what it finds done when it looks at the engine.
 * Knows only what this process was told, so a start tells of all desktops again: the database keeps the first telling.
 */
export class History {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(ledger: Ledger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  made(desktop: Desktop): void {
    if (this.#known.has(desktop.containerId)) return;
    this.#known.set(desktop.containerId, { desktop, begun: false });
    const { imageId, template } = desktop.labels;
    this.#ledger.record({ kind: 'desktop-made', at: desktop.createdAt, desktop: inLedger(desktop), imageId, template });
  }

  began(desktop: Desktop, source: Source): void {
    if (this.#known.get(desktop.containerId)?.begun) return;
    this.#known.set(desktop.containerId, { desktop, begun: true });
    this.#ledger.record({ kind: 'session-began', at: this.#clock(), desktop: inLedger(desktop), source });
  }

  restarted(desktop: Desktop): void {
    this.#ledger.record({ kind: 'desktop-restarted', at: this.#clock(), desktop: inLedger(desktop) });
  }

  /** It is being removed, and why: what counts when it is gone, even if the engine's answer never comes. */
  leaving(desktop: Desktop, why: EndReason, reason?: string): void {
    this.made(desktop);
    if (isInUse(desktop)) this.began(desktop, 'adopted');
    const leaving = { why, ...(reason === undefined ? {} : { reason }) };
    this.#known.set(desktop.containerId, { desktop, begun: isInUse(desktop), leaving });
  }

  gone(containerId: string): void {
    const known = this.#known.get(containerId);
    if (!known) return;
    this.#known.delete(containerId);
    const { why, reason } = known.leaving ?? { why: 'gone' };
    this.#end(inLedger(known.desktop), known.begun, why, reason);
  }

  /**
   * Tells of the end of those of these desktops that are no longer there: an earlier run of this worker died before it could.
   * @returns false while it is not known what is there
   */
  endLost(open: readonly LedgerDesktop[], roster: Pick<Roster, 'get' | 'isDoubted'>): boolean {
    if (roster.isDoubted) return false;
    for (const desktop of open)
      if (!roster.get(desktop.containerId)) this.#end(desktop, desktop.userId !== undefined, 'gone');
    return true;
  }

  #end(desktop: LedgerDesktop, begun: boolean, why: EndReason, reason?: string): void {
    const at = this.#clock();
    if (begun) this.#ledger.record({ kind: 'session-ended', at, desktop, why });
    this.#ledger.record({ kind: 'desktop-removed', at, desktop, why, ...(reason === undefined ? {} : { reason }) });
  }

  /** The engine was looked at. */
  looked(roster: Pick<Roster, 'all' | 'isDoubted' | 'isSpokenFor'>): void {
    const desktops = roster.all();
    for (const desktop of desktops) {
      this.made(desktop);
      // One that is being claimed right now is told of by its claim, which knows where it came from.
      if (isInUse(desktop) && !roster.isSpokenFor(desktop.containerId)) this.began(desktop, 'adopted');
    }
    // What the roster lacks may still be there.
    if (roster.isDoubted) return;
    const seen = new Set(desktops.map((desktop) => desktop.containerId));
    for (const containerId of [...this.#known.keys()]) if (!seen.has(containerId)) this.gone(containerId);
  }
}
