import type { Socket } from 'node:net';
import { Borders } from './borders.ts';
import type { GuacdConnection } from './guacd.ts';
import { encode } from './instruction.ts';
import { Outward } from './outward.ts';
import { WATCHER } from './policy.ts';
import type { OpenRecording } from './recording-files.ts';

/** guacd ends a user who says nothing for 15 s. */
const NOP_MS = 5_000;
/** A disk that is this far behind ends the recording: it may cost neither memory nor the student's picture. Bytes. */
const UNWRITTEN = 16 * 1024 * 1024;

/**
 * `limit`: the session's own. `total`: all together are too large, and none of a session that is over is left to go.
 * `disk`: it takes nothing, or not fast enough.
 */
export type RecordingEnd = 'session-over' | 'connection-lost' | 'limit' | 'total' | 'disk' | 'worker-stopped';

/** One file of a recording under way: what guacd says to one silent user of a connection, until a reason to end. */
export class Take {
  readonly #socket: Socket;
  readonly #file: OpenRecording;
  readonly #onEnd: (why: RecordingEnd, bytes: number) => void;
  readonly #borders = new Borders();
  readonly #outward = new Outward(WATCHER);
  readonly #nop: NodeJS.Timeout;
  #tail: Buffer[] = [];
  #left: number;
  #bytes = 0;
  #unwritten = 0;
  #writing: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(
    connection: Pick<GuacdConnection, 'socket' | 'rest' | 'take'>,
    file: OpenRecording,
    left: number,
    onEnd: (why: RecordingEnd, bytes: number) => void,
  ) {
    const { socket, rest, take } = connection;
    this.#socket = socket;
    this.#file = file;
    this.#left = left;
    this.#onEnd = onEnd;
    this.#nop = setInterval(() => socket.write(encode(['nop'])), NOP_MS);
    socket.once('close', () => this.end('connection-lost'));
    this.#hear(rest);
    take((bytes) => this.#hear(bytes));
  }

  /** Whole instructions are written, so that the file plays wherever it ends. @param chunk may be overwritten afterwards */
  #hear(chunk: Buffer): void {
    if (this.#ended || chunk.length === 0) return;
    let complete: number;
    try {
      complete = this.#borders.push(chunk);
    } catch {
      this.end('connection-lost');
      return;
    }
    if (complete === 0) {
      this.#tail.push(Buffer.from(chunk));
      return;
    }
    const message = this.#outward.pass(Buffer.concat([...this.#tail, chunk.subarray(0, complete)]), this.#borders);
    this.#tail = complete < chunk.length ? [Buffer.from(chunk.subarray(complete))] : [];
    if (message.length > this.#left) this.end('limit');
    else this.#write(message);
  }

  end(why: RecordingEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#nop);
    this.#socket.end(encode(['disconnect']));
    this.#socket.destroySoon();
    const told = (): void => this.#onEnd(why, this.#bytes);
    this.#writing.then(() => this.#file.close()).then(told, told);
  }

  #write(message: Buffer): void {
    this.#left -= message.length;
    this.#unwritten += message.length;
    if (this.#unwritten > UNWRITTEN) {
      this.end('disk');
      return;
    }
    this.#writing = this.#writing
      .then(() => this.#file.write(message))
      .then(
        () => {
          this.#unwritten -= message.length;
          this.#bytes += message.length;
        },
        () => this.end('disk'),
      );
  }
}
