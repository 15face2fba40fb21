import { randomBytes } from 'node:crypto';
import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../pool/ledger.ts';
import { decodeEntry, lossTold } from './entry.ts';

export const SEGMENT_NAME = /^\d{16}-[0-9a-f]{8}\.journal$/;
const NEWLINE = 10;

/** Entries read from a segment, and how far into it they reach. */
export interface Stretch {
  readonly entries: readonly LedgerEntry[];
  readonly bytes: number;
  /** Lines that are no entries: damaged. */
  readonly unreadable: number;
}

/**
 * One file of the journal, only ever appended to, and by the process that made it. A line that lacks its end, left by a
 * power cut or a full disk, was never told to anybody and counts as not written.
 */
export class Segment {
  readonly path: string;
  readonly firstSeq: number;
  lastSeq: number;
  /** Bytes and lines that are whole. */
  bytes = 0;
  lines = 0;
  deliveredBytes = 0;
  deliveredLines = 0;
  /** Losses that are told of in here, by their line. */
  readonly #gaps: { readonly line: number; readonly count: number }[] = [];
  #fd: number | undefined;
  #syncedBytes = 0;
  /** Flushes under way: the file is closed after the last of them. */
  #syncing = 0;
  #isClosed = false;

  private constructor(path: string, firstSeq: number) {
    this.path = path;
    this.firstSeq = firstSeq;
    this.lastSeq = firstSeq - 1;
  }

  /** Begins a new file. @throws when the disk does not take it */
  static begin(directory: string, firstSeq: number): Segment {
    const name = `${String(firstSeq).padStart(16, '0')}-${randomBytes(4).toString('hex')}.journal`;
    const segment = new Segment(join(directory, name), firstSeq);
    segment.#fd = openSync(segment.path, 'wx', 0o600);
    return segment;
  }

  /** Takes up a file of an earlier process, to read. */
  static found(path: string): Segment {
    const text = readFileSync(path);
    const segment = new Segment(path, Number(path.slice(-33, -17)));
    segment.bytes = text.lastIndexOf(NEWLINE) + 1;
    const lines = text.toString('utf8', 0, segment.bytes).split('\n').slice(0, -1);
    segment.#noteGaps(lines);
    segment.lines = lines.length;
    segment.lastSeq = lines.map(decodeEntry).findLast((entry) => entry !== undefined)?.seq ?? segment.lastSeq;
    return segment;
  }

  get waiting(): number {
    return this.lines - this.deliveredLines;
  }

  /** Events of whose loss nobody would hear any more if this file were lost, too. */
  get lostTold(): number {
    return this.#gaps.reduce((sum, { line, count }) => sum + (line >= this.deliveredLines ? count : 0), 0);
  }

  #noteGaps(lines: readonly string[]): void {
    for (const [index, line] of lines.entries()) {
      const count = lossTold(line);
      if (count > 0) this.#gaps.push({ line: this.lines + index, count });
    }
  }

  /** Survives the death of this process at once, a power cut after `sync`. @throws when the disk does not take it */
  append(lines: string, count: number, lastSeq: number): void {
    if (this.#fd === undefined || this.#isClosed) throw new Error('this journal file is closed');
    const text = Buffer.from(lines, 'utf8');
    const written = writeSync(this.#fd, text, 0, text.length, this.bytes);
    if (written < text.length) {
      ftruncateSync(this.#fd, this.bytes);
      throw new Error(`disk full: ${written} of ${text.length} bytes written`);
    }
    this.#noteGaps(lines.split('\n'));
    this.bytes += written;
    this.lines += count;
    this.lastSeq = lastSeq;
  }

  /** What is appended by now is on the disk when this resolves. */
  async sync(): Promise<void> {
    const upTo = this.bytes;
    const fd = this.#fd;
    if (fd === undefined || upTo === this.#syncedBytes) return;
    this.#syncing++;
    try {
      await new Promise<void>((resolve, reject) => fdatasync(fd, (error) => (error ? reject(error) : resolve())));
      this.#syncedBytes = Math.max(this.#syncedBytes, upTo);
    } finally {
      this.#syncing--;
      this.#closeAfterSyncs();
    }
  }

  /** Whole entries from `from` on, up to about `most` bytes. */
  async read(from: number, most: number): Promise<Stretch> {
    const file = await open(this.path, 'r');
    try {
      for (let length = most; ; length *= 4) {
        const buffer = Buffer.alloc(Math.min(length, this.bytes - from));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
        const bytes = buffer.lastIndexOf(NEWLINE, bytesRead - 1) + 1;
        if (bytes === 0 && bytesRead === length) continue;
        const lines = buffer.toString('utf8', 0, bytes).split('\n').slice(0, -1);
        const entries = lines.map(decodeEntry).filter((entry) => entry !== undefined);
        return { entries, bytes, unreadable: lines.length - entries.length };
      }
    } finally {
      await file.close();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#closeAfterSyncs();
  }

  #closeAfterSyncs(): void {
    if (!this.#isClosed || this.#syncing > 0 || this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  remove(): void {
    this.close();
    rmSync(this.path, { force: true });
  }
}
