import type { LedgerEntry, LedgerGap } from '../pool/ledger.ts';
import { decodeEntry, lossTold } from './entry.ts';

/** What was thrown away to make room. */
export type Overflow = Pick<LedgerGap, 'count' | 'first' | 'last'> & {
  /** Lost earlier, and told of in what was thrown away now. */
  readonly untold: number;
};

/** Lines that go to the disk in one append. */
export interface Lines {
  readonly text: string;
  readonly count: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

/** Entries that the disk has not taken yet, oldest first. */
export class Unwritten {
  #queue: { readonly seq: number; readonly line: string }[] = [];

  get length(): number {
    return this.#queue.length;
  }

  push(seq: number, line: string): void {
    this.#queue.push({ seq, line });
  }

  /** The oldest; they stay until `written`. */
  oldest(most: number): Lines | undefined {
    const some = this.#queue.slice(0, most);
    const [first] = some;
    if (!first) return undefined;
    const text = some.map(({ line }) => line).join('');
    return { text, count: some.length, firstSeq: first.seq, lastSeq: some.at(-1)?.seq ?? first.seq };
  }

  written(upTo: number): void {
    this.#queue = this.#queue.filter(({ seq }) => seq > upTo);
  }

  /** Throws the oldest away until this many are left. */
  cutTo(most: number): Overflow | undefined {
    const gone = this.#queue.splice(0, Math.max(0, this.#queue.length - most));
    const [first] = gone;
    const untold = gone.reduce((sum, { line }) => sum + lossTold(line), 0);
    return first && { count: gone.length, untold, first: first.seq, last: gone.at(-1)?.seq ?? first.seq };
  }

  entries(): LedgerEntry[] {
    return this.#queue.map(({ line }) => decodeEntry(line)).filter((entry) => entry !== undefined);
  }
}
