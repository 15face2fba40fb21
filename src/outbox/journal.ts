import { mkdirSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../pool/ledger.ts';
import { SEGMENT_NAME, Segment, type Stretch } from './segment.ts';
import type { Lines, Overflow } from './unwritten.ts';

const READ_BYTES = 256 * 1024;

export interface JournalLimits {
  readonly maxBytes: number;
  readonly segmentBytes: number;
}

/**
 * The outbox on the disk: numbered files, appended to at the end, read from the beginning, removed when delivered. The
 * newest file stays even then: it says where the numbering goes on.
 */
export class Journal {
  readonly #directory: string;
  readonly #limits: JournalLimits;
  #segments: Segment[] = [];
  #current: Segment | undefined;
  #opened = false;

  constructor(directory: string, limits: JournalLimits) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** Takes up what earlier processes left. @throws when the directory cannot be used */
  open(): void {
    if (this.#opened) return;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const names = readdirSync(this.#directory).filter((name) => SEGMENT_NAME.test(name));
    this.#segments = names.sort().map((name) => Segment.found(join(this.#directory, name)));
    this.#opened = true;
  }

  get lastSeq(): number {
    return Math.max(0, ...this.#segments.map((segment) => segment.lastSeq));
  }

  get waiting(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.waiting, 0);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Appends whole lines. @throws when the disk does not take them; then nothing is appended */
  append({ text, count, firstSeq, lastSeq }: Lines): void {
    this.open();
    if (this.#current && this.#current.bytes >= this.#limits.segmentBytes) this.#finishCurrent();
    this.#current ??= this.#begin(firstSeq);
    this.#current.append(text, count, lastSeq);
  }

  /** Removes the oldest files until the rest fits; what was still to deliver in them is lost. */
  makeRoom(): Overflow | undefined {
    let lost: Overflow | undefined;
    while (this.bytes > this.#limits.maxBytes && this.#segments.length > 1) {
      const [oldest] = this.#segments.splice(0, 1);
      if (!oldest) break;
      if (oldest.waiting > 0) {
        const { firstSeq, lastSeq, waiting, lostTold } = oldest;
        lost = {
          count: (lost?.count ?? 0) + waiting,
          untold: (lost?.untold ?? 0) + lostTold,
          first: lost?.first ?? firstSeq,
          last: lastSeq,
        };
      }
      oldest.remove();
    }
    return lost;
  }

  async sync(): Promise<void> {
    for (const segment of this.#segments) await segment.sync();
  }

  /** The oldest entries still to deliver, in order, and how to say that they were; undefined when there are none. */
  async next(): Promise<{ entries: readonly LedgerEntry[]; unreadable: number; delivered(): void } | undefined> {
    const segment = this.#segments.find((each) => each.waiting > 0);
    if (!segment) return undefined;
    const from = segment.deliveredBytes;
    const { entries, bytes, unreadable } = await this.#read(segment, from);
    const delivered = (): void => {
      if (segment.deliveredBytes !== from) return;
      segment.deliveredBytes += bytes;
      segment.deliveredLines += bytes === 0 ? 0 : entries.length + unreadable;
      // Nothing whole is left where something should be: somebody cut the file, or removed it. It cannot be waited for.
      if (bytes === 0) segment.deliveredLines = segment.lines;
      this.#removeDelivered();
    };
    return { entries, unreadable, delivered };
  }

  /** Everything that is here, delivered or not, oldest first. */
  async *entries(): AsyncGenerator<LedgerEntry> {
    for (const segment of [...this.#segments]) {
      for (let from = 0; from < segment.bytes; ) {
        const { entries, bytes } = await this.#read(segment, from);
        yield* entries;
        if (bytes === 0) break;
        from += bytes;
      }
    }
  }

  async close(): Promise<void> {
    await this.sync();
    this.#current?.close();
    this.#current = undefined;
  }

  /** A file that is gone, by makeRoom while it was waited for or by somebody's hand, has nothing any more. */
  async #read(segment: Segment, from: number): Promise<Stretch> {
    try {
      return await segment.read(from, READ_BYTES);
    } catch (error) {
      if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT')
        return { entries: [], bytes: 0, unreadable: segment.waiting };
      throw error;
    }
  }

  #begin(firstSeq: number): Segment {
    const segment = Segment.begin(this.#directory, firstSeq);
    this.#segments.push(segment);
    // The name of a new file, too, must outlast a power cut.
    void open(this.#directory, 'r')
      .then(async (directory) => directory.sync().finally(() => directory.close()))
      .catch(() => undefined);
    return segment;
  }

  #finishCurrent(): void {
    const finished = this.#current;
    this.#current = undefined;
    void finished
      ?.sync()
      .catch(() => undefined)
      .finally(() => finished.close());
  }

  #removeDelivered(): void {
    const newest = this.#segments.at(-1);
    const isDone = (segment: Segment): boolean => segment.waiting === 0 && segment !== newest;
    for (const segment of this.#segments.filter(isDone)) segment.remove();
    this.#segments = this.#segments.filter((segment) => !isDone(segment));
  }
}
