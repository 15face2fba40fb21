import { randomBytes } from 'node:crypto';
import type { LedgerEntry, LedgerEvent, LedgerGap } from '../pool/ledger.ts';

/** No event of ours comes near; one that does must not fill the outbox by itself. */
const LONGEST = 64 * 1024;

/** One line of the journal. Text is made such that PostgreSQL's jsonb takes it: no NUL, no half surrogate pair. */
export function encodeEntry(event: LedgerEvent | LedgerGap, seq: number): string {
  const entry = { id: timeOrderedId(event.at), seq, ...event };
  const line = JSON.stringify(entry, clean);
  if (line.length <= LONGEST) return `${line}\n`;
  const { id, kind, at } = entry;
  const desktop = 'desktop' in event ? { desktop: event.desktop } : {};
  return `${JSON.stringify({ id, seq, kind, at, ...desktop, cutShort: true }, clean)}\n`;
}

/** The entry in a line; undefined when it is none, as after a bad block on the disk. */
export function decodeEntry(line: string): LedgerEntry | undefined {
  try {
    const entry = JSON.parse(line);
    return typeof entry?.id === 'string' && Number.isSafeInteger(entry.seq) && typeof entry.kind === 'string'
      ? entry
      : undefined;
  } catch {
    return undefined;
  }
}

/** How many lost events this line tells of. Looked at for every line that is written: most need not be read for it. */
export function lossTold(line: string): number {
  const entry = line.includes('"events-dropped"') ? decodeEntry(line) : undefined;
  return entry?.kind === 'events-dropped' ? entry.count : 0;
}

function clean(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value;
}

/** UUID version 7: unique, and new ones come last in the database's index. */
export function timeOrderedId(at: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Math.max(0, Math.floor(at)), 0, 6);
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x70, 6);
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
