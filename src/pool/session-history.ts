import type { Seat } from '../desktop/names.ts';
import type { LedgerDesktop, LedgerEvent, WorkerEntry } from './ledger.ts';

type DesktopEntry = Extract<WorkerEntry, LedgerEvent>;

/** Told once in a desktop's life; a later telling, by a worker that started anew, adds nothing. */
const ONCE: ReadonlySet<string> = new Set(['desktop-made', 'session-began', 'session-ended', 'desktop-removed']);
/** Told by the desktop itself: a worker that started anew hears them again, each with the time of its first telling. */
const HEARD: ReadonlySet<string> = new Set(['proof-good', 'proof-failed', 'files']);

/** One session of a student with all that happened to its desktop, from its making on. */
export interface SessionHistory {
  readonly worker: string;
  readonly containerId: string;
  readonly containerName: string;
  readonly source: string | null;
  readonly beganAt: string | null;
  readonly endedAt: string | null;
  readonly endReason: string | null;
  readonly events: readonly object[];
}

/** The sessions of a student in an exam, oldest first; entries may come twice and in any order. */
export function sessionsOf(entries: readonly WorkerEntry[], seat: Seat): SessionHistory[] {
  const told = [...new Map(entries.map((entry) => [entry.id, entry])).values()].filter(isOfDesktop);
  const byDesktop = Map.groupBy(told, (entry) => `${entry.worker}/${entry.desktop.containerId}`);
  return [...byDesktop.values()]
    .filter((events) => events.some((entry) => isAt(entry.desktop, seat)))
    .map((events) => session(firstTellings(events.sort((a, b) => a.seq - b.seq))))
    .sort((a, b) => String(a.beganAt).localeCompare(String(b.beganAt)));
}

/** Takes from many entries those of the desktops that a student had. @param entries can be run through twice */
export async function entriesOf(
  entries: () => AsyncIterable<WorkerEntry>,
  seat: Seat,
): Promise<readonly WorkerEntry[]> {
  const desktops = new Set<string>();
  for await (const entry of entries())
    if (isOfDesktop(entry) && isAt(entry.desktop, seat)) desktops.add(entry.desktop.containerId);
  const found: WorkerEntry[] = [];
  for await (const entry of entries())
    if (isOfDesktop(entry) && desktops.has(entry.desktop.containerId)) found.push(entry);
  return found;
}

function isOfDesktop(entry: WorkerEntry): entry is DesktopEntry {
  return entry.kind !== 'events-dropped' && entry.desktop !== undefined;
}

function isAt(desktop: LedgerDesktop, seat: Seat): boolean {
  return desktop.userId === seat.userId && desktop.examId === seat.examId;
}

function firstTellings(events: readonly DesktopEntry[]): DesktopEntry[] {
  const seen = new Set<string>();
  return events.filter(({ id: _id, seq: _seq, ...event }) => {
    if (!ONCE.has(event.kind) && !HEARD.has(event.kind)) return true;
    const telling = ONCE.has(event.kind) ? event.kind : JSON.stringify(event);
    return !seen.has(telling) && seen.add(telling);
  });
}

function session(events: readonly DesktopEntry[]): SessionHistory {
  const began = events.find((event) => event.kind === 'session-began');
  const ended = events.find((event) => event.kind === 'session-ended');
  const { worker, desktop } = began ?? ended ?? (events[0] as DesktopEntry);
  return {
    worker,
    containerId: desktop.containerId,
    containerName: desktop.name,
    source: began?.source ?? null,
    beganAt: began ? new Date(began.at).toISOString() : null,
    endedAt: ended ? new Date(ended.at).toISOString() : null,
    endReason: ended?.why ?? null,
    events: events.map(({ id, seq, worker: _worker, desktop: _desktop, at, kind, ...detail }) => ({
      at: new Date(at).toISOString(),
      kind,
      ...detail,
    })),
  };
}
