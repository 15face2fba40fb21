import type { Desktop } from '../../../src/desktop/desktop.ts';
import { isInUse, isPooled, isUsable } from '../../../src/desktop/desktop.ts';
import { type Seat, seatName } from '../../../src/desktop/names.ts';
import type { AskedOf } from '../../../src/pool/asked.ts';
import type { LedgerDesktop, LedgerEvent } from '../../../src/pool/ledger.ts';
import type { DrainMemory, DrainState, Holder, Ledger, Log, Mirror, Session } from '../../../src/pool/ports.ts';
import { decodeAsked, encodeAsked } from '../../../src/redis/asked-text.ts';

export const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A cache in memory, as Redis keeps it: it outlives the backend, and may be away or empty. */
export class FakeMirror implements Mirror {
  away = false;
  readonly sessions = new Map<string, Session>();
  readonly pools = new Map<number, Set<string>>();
  readonly proofs = new Map<string, string[]>();
  asked: string | undefined;
  cursor: string | undefined;

  async saveSession(seat: Seat, session: Session): Promise<void> {
    this.#answer();
    this.sessions.set(seatName(seat), session);
  }

  async removeSession(seat: Seat): Promise<void> {
    this.#answer();
    this.sessions.delete(seatName(seat));
  }

  async poolJoined(examId: number, name: string): Promise<void> {
    this.#answer();
    this.pools.set(examId, (this.pools.get(examId) ?? new Set()).add(name));
  }

  async poolLeft(examId: number, name: string): Promise<void> {
    this.#answer();
    this.pools.get(examId)?.delete(name);
  }

  async rewrite(desktops: readonly Desktop[]): Promise<void> {
    this.#answer();
    const seated = new Set(desktops.filter(isInUse).map((desktop) => desktop.name));
    for (const name of this.sessions.keys()) if (!seated.has(name)) this.sessions.delete(name);
    for (const containerName of seated)
      if (!this.sessions.has(containerName))
        this.sessions.set(containerName, { containerName, allocatedAt: 'later', source: 'adopted' });
    this.pools.clear();
    for (const desktop of desktops.filter((each) => isPooled(each) && isUsable(each)))
      await this.poolJoined(desktop.labels.examId, desktop.name);
  }

  async saveAsked(asked: AskedOf): Promise<void> {
    this.#answer();
    this.asked = encodeAsked(asked);
  }

  async loadAsked(): Promise<AskedOf | undefined> {
    this.#answer();
    return this.asked === undefined ? undefined : decodeAsked(this.asked);
  }

  async saveProof(desktopId: string, record: string): Promise<void> {
    this.#answer();
    this.proofs.set(desktopId, [record, ...(this.proofs.get(desktopId) ?? [])]);
  }

  async saveCursor(address: string): Promise<void> {
    this.#answer();
    this.cursor = address;
  }

  async loadCursor(): Promise<string | undefined> {
    this.#answer();
    return this.cursor;
  }

  #answer(): void {
    if (this.away) throw new Error('Redis is away');
  }
}

/** The file in which the drain is written down; `full` when the disk takes nothing. */
export class FakeDrainMemory implements DrainMemory {
  full = false;
  written: DrainState | undefined;

  load(): DrainState | undefined {
    return this.written;
  }

  save(state: DrainState): void {
    if (this.full) throw new Error('no space left on device');
    this.written = state;
  }
}

/** The history as the database keeps it: what is told again is not kept twice. It outlives the backend. */
export class FakeLedger implements Ledger {
  readonly told: LedgerEvent[] = [];
  readonly kept: LedgerEvent[] = [];

  record(event: LedgerEvent): void {
    this.told.push(event);
    const isSame = (known: LedgerEvent): boolean =>
      known.kind === event.kind && known.desktop.containerId === event.desktop.containerId;
    if (event.kind === 'desktop-restarted' || !this.kept.some(isSame)) this.kept.push(event);
  }

  /** Desktops with a session that has begun and not ended. */
  inSession(): LedgerDesktop[] {
    const ended = new Set(this.#all('session-ended').map(({ containerId }) => containerId));
    return this.#all('session-began').filter(({ containerId }) => !ended.has(containerId));
  }

  /** Desktops of whose end it has not heard, with their student while he has them. */
  open(): LedgerDesktop[] {
    const gone = new Set(this.#all('desktop-removed').map(({ containerId }) => containerId));
    const seats = new Map(this.inSession().map((desktop) => [desktop.containerId, desktop]));
    return this.#all('desktop-made')
      .filter(({ containerId }) => !gone.has(containerId))
      .map((made) => seats.get(made.containerId) ?? made);
  }

  #all(kind: LedgerEvent['kind']): LedgerDesktop[] {
    return this.kept.filter((event) => event.kind === kind).map((event) => event.desktop);
  }
}

/** Holds connections in name only; fails as often as it is told to. */
export class FakeHolder implements Holder {
  readonly held = new Set<string>();
  readonly dropped: string[] = [];
  fails: () => boolean = () => false;

  async hold(desktop: Desktop): Promise<void> {
    if (this.fails()) throw new Error('guacd does not answer');
    this.held.add(desktop.containerId);
  }

  drop(containerId: string): void {
    this.held.delete(containerId);
    this.dropped.push(containerId);
  }
}
