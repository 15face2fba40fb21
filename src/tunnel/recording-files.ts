import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bytesOf,
  parseRecordingFile,
  type Recording,
  type RecordingLimits,
  type Removal,
  recordingsToRemove,
  type StoredRecording,
  sessionOf,
} from '../desktop/recording.ts';
import type { Clock } from '../pool/ports.ts';

export interface Tidied {
  readonly removed: readonly Removal[];
  /** What is left is too much all the same: of sessions that go on. */
  readonly isFull: boolean;
}

/** A file that is being written. */
export interface OpenRecording {
  readonly file: string;
  write(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** The recordings on their volume: which there are, and that they do not become more than they may. */
export class RecordingFiles {
  readonly #directory: string;
  readonly #limits: RecordingLimits;
  readonly #clock: Clock;

  constructor(directory: string, limits: RecordingLimits, clock: Clock) {
    this.#directory = directory;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** @param isMeant which of them; the others are not looked at */
  async list(isMeant: (recording: Recording) => boolean = () => true): Promise<StoredRecording[]> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const found = await Promise.all(
      (await readdir(this.#directory)).map(async (name) => {
        const recording = parseRecordingFile(name);
        if (!recording || !isMeant(recording)) return [];
        // Removed by hand meanwhile: then it is none.
        const file = await stat(join(this.#directory, name)).catch(() => undefined);
        return file ? [{ ...recording, bytes: file.size, written: file.mtimeMs }] : [];
      }),
    );
    return found.flat();
  }

  /** What is too old or too much goes. @param inUse container ids of sessions that go on: theirs stay */
  async tidy(inUse: readonly string[]): Promise<Tidied> {
    const stored = await this.list();
    const removed = recordingsToRemove(stored, new Set(inUse.map(sessionOf)), this.#limits, this.#clock());
    for (const { recording } of removed) await rm(join(this.#directory, recording.file), { force: true });
    const gone = new Set(removed.map(({ recording }) => recording.file));
    const isFull = bytesOf(stored.filter(({ file }) => !gone.has(file))) > this.#limits.totalBytes;
    return { removed, isFull };
  }

  /** Bytes that this session may still write. */
  async left(containerId: string): Promise<number> {
    const own = await this.list(({ session }) => session === sessionOf(containerId));
    return Math.max(0, this.#limits.sessionBytes - bytesOf(own));
  }

  /** Begins a file. @throws when there is one of that name, or the disk takes none */
  async begin(file: string): Promise<OpenRecording> {
    const handle = await open(join(this.#directory, file), 'wx', 0o600);
    return {
      file,
      write: async (bytes) => void (await handle.writeFile(bytes)),
      close: () => handle.close(),
    };
  }
}
