import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** What a desktop's probe tried from inside it, as the student, and what came of it (docs/adr/0012). */
const Tried = z.object({
  try: z.string().max(64),
  /** `hoped`: the exam site, which may be down without this desktop's fault. */
  want: z.enum(['open', 'blocked', 'hoped']),
  /** `silent`: it left the desktop and nobody answered. */
  got: z.enum(['open', 'blocked', 'silent']),
  ms: z.number(),
});

const ProofRecord = z.object({
  v: z.literal(1),
  desktop: z.string().max(64),
  at: z.iso.datetime(),
  /** Grows with every record of a desktop. */
  seq: z.int().positive(),
  ok: z.boolean(),
  lock: z.enum(['on', 'off']),
  results: z.array(Tried).max(64),
});

export type ProofRecord = z.output<typeof ProofRecord>;

/** A record as the desktop told it. */
export interface SignedRecord {
  /** base64url of the record's JSON. */
  readonly record: string;
  /** HMAC-SHA256 of `record` with the desktop's key, in hexadecimal. */
  readonly signature: string;
  /** When the engine took it from the desktop, milliseconds since the epoch. */
  readonly heardAt: number;
}

/** What a record must fit. */
export interface Expected {
  readonly desktopId: string;
  /** The desktop's own, and the one it has where it was made under the previous cluster token. */
  readonly keys: readonly Buffer[];
  /** No lock, no desktop. */
  readonly strict: boolean;
  /** Number of the last record; 0 before the first. */
  readonly lastSeq: number;
}

/**
 * - `good`: the lock holds. `note` says what is wrong all the same.
 * - `bad`: it does not hold, or nobody can say that it does.
 * - `old`: rightly signed, but not of the time at which it was told. Proves nothing; a desktop that has no other is not proved.
 */
export type Verdict =
  | { readonly kind: 'good'; readonly record: ProofRecord; readonly note?: string }
  | { readonly kind: 'bad'; readonly reason: string; readonly record?: ProofRecord }
  | { readonly kind: 'old'; readonly reason: string };

/** How a desktop's last proof came out. */
export type Proof =
  | { readonly kind: 'good'; readonly at: number; readonly note?: string | undefined }
  | { readonly kind: 'bad'; readonly at: number; readonly reason: string };

/** Between a record's own time and the engine's: the probe's longest time, and a busy host. */
const TOLD_WITHIN_MS = 30_000;

/** Decides what a record says. Pure: the clock is the engine's, told with the record. */
export function judge(signed: SignedRecord, expected: Expected): Verdict {
  if (!expected.keys.some((key) => isSigned(signed, key))) return bad('a record with a wrong signature');
  const record = read(signed.record);
  if (!record) return bad('a record that cannot be read');
  if (record.desktop !== expected.desktopId) return bad(`a record of another desktop (${record.desktop})`, record);
  if (record.seq <= expected.lastSeq) return bad(`a record played back (number ${record.seq})`, record);
  const apart = Math.abs(signed.heardAt - Date.parse(record.at));
  if (apart > TOLD_WITHIN_MS) return { kind: 'old', reason: `a record of ${record.at}, out of date when it was told` };
  return weigh(record, expected.strict);
}

function weigh(record: ProofRecord, strict: boolean): Verdict {
  const site = record.results.find((tried) => tried.want === 'hoped');
  const siteNote = site && site.got !== 'open' ? 'the exam site does not answer inside the desktop' : undefined;
  if (record.lock === 'off') {
    if (strict) return bad('it has no firewall', record);
    return good(record, siteNote);
  }
  const wrong = record.results.filter((tried) => tried.want !== 'hoped' && tried.got !== tried.want);
  if (wrong.length > 0) return bad(wrong.map(inWords).join(', '), record);
  if (!record.results.some((tried) => tried.want === 'blocked')) return bad('the probe gave no answer', record);
  return record.ok ? good(record, siteNote) : bad('it says so itself', record);
}

function inWords(tried: ProofRecord['results'][number]): string {
  if (tried.want === 'open') return `${tried.try} does not work`;
  return tried.got === 'open' ? `${tried.try} got through` : `${tried.try} left the desktop`;
}

function good(record: ProofRecord, note: string | undefined): Verdict {
  return note === undefined ? { kind: 'good', record } : { kind: 'good', record, note };
}

function bad(reason: string, record?: ProofRecord): Verdict {
  return record ? { kind: 'bad', reason, record } : { kind: 'bad', reason };
}

function isSigned({ record, signature }: SignedRecord, key: Buffer): boolean {
  if (!/^[0-9a-f]{64}$/.test(signature)) return false;
  return timingSafeEqual(createHmac('sha256', key).update(record).digest(), Buffer.from(signature, 'hex'));
}

function read(record: string): ProofRecord | undefined {
  try {
    return ProofRecord.safeParse(JSON.parse(Buffer.from(record, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
