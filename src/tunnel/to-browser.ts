import { isUtf8 } from 'node:buffer';
import type { WebSocket } from 'ws';
import { Borders } from './borders.ts';
import { FirstPicture } from './first-picture.ts';
import { decode, encode, type Instruction, MalformedInstruction } from './instruction.ts';
import { Outward } from './outward.ts';
import type { Rights } from './policy.ts';
import { giveSlab, takeSlab } from './slabs.ts';
import { STATUS, type Status } from './status.ts';

/** Above this much unsent guacd is paused; it goes on below the lower mark. Bytes, beside what the kernel holds. */
export const HIGH_WATER = 256 * 1024;
const LOW_WATER = 64 * 1024;
/** The same in messages: each costs some memory of its own, however small it is. */
const MOST_MESSAGES = 1_000;
/** A browser that does not get below the mark for so long is closed: guacd must not wait for it for ever. */
const STALLED_MS = 30_000;
/**
 * A watcher who is this far behind is closed at once: guacd writes to the users of a connection one after the other, so that
 * pausing it for him would stop the student's picture too. Bytes and messages.
 */
const WATCHER_BEHIND = 4 * 1024 * 1024;
const WATCHER_MESSAGES = 16_000;
/** Ends a frame. Time 0 is what a new client stands at, so it does not answer, and guacd need not know. */
const END_OF_FRAME = encode(['sync', '0']);

export interface Guacd {
  pause(): void;
  resume(): void;
}

/** The way from one guacd to one browser: whole instructions, and never more of them in memory than the marks allow. */
export class ToBrowser {
  readonly #browser: WebSocket;
  readonly #guacd: Guacd;
  readonly #mayPause: boolean;
  readonly #outward: Outward;
  readonly #onStalled: () => void;
  readonly #borders = new Borders();
  readonly #firstPicture = new FirstPicture();
  /** Start of an instruction that has not come whole; as long as `#kept` says. */
  #tail = Buffer.alloc(0);
  #kept = 0;
  /** All that has come since the last message is. */
  #isAscii = true;
  #unsent = 0;
  #stalled: NodeJS.Timeout | undefined;
  bytes = 0;
  /** What guacd said before it closed, if it said why. */
  said: Status | undefined;

  constructor(browser: WebSocket, guacd: Guacd, rights: Rights, onStalled: () => void) {
    this.#browser = browser;
    this.#guacd = guacd;
    this.#mayPause = rights.mayAct;
    this.#outward = new Outward(rights);
    this.#onStalled = onStalled;
  }

  /** guacd is paused, because this browser takes nothing. */
  get isStalled(): boolean {
    return this.#stalled !== undefined;
  }

  /**
   * Takes the next bytes of guacd, which may be overwritten afterwards.
   * @throws MalformedInstruction
   */
  take(chunk: Buffer): void {
    const complete = this.#borders.push(chunk);
    this.#isAscii &&= this.#borders.isAscii;
    if (complete === 0) {
      this.#keep(chunk);
      return;
    }
    const length = this.#kept + complete;
    const slab = takeSlab(length);
    this.#tail.copy(slab, 0, 0, this.#kept);
    chunk.copy(slab, this.#kept, 0, complete);
    this.#kept = 0;
    if (complete < chunk.length) this.#keep(chunk.subarray(complete));
    const whole = slab.subarray(0, length);
    // A browser breaks off at text that is none, and would come back to the same.
    if (!this.#isAscii && !isUtf8(whole)) throw new MalformedInstruction('not UTF-8');
    this.#isAscii = complete === chunk.length || this.#borders.isAscii;
    const message = this.#outward.pass(whole, this.#borders);
    this.bytes += message.length;
    if (message.length > 0) this.#send(message, () => giveSlab(slab));
    else giveSlab(slab);
    if (this.#borders.sawError && !this.said) this.#hear(message);
    if (this.#firstPicture.endsIn(message)) this.#send(END_OF_FRAME);
  }

  /** An instruction of the tunnel's own. What a browser asks for while it takes nothing, it does not get. */
  say(instruction: Instruction): void {
    if (!this.isStalled) this.#send(encode(instruction));
  }

  stop(): void {
    clearTimeout(this.#stalled);
  }

  #send(message: Buffer | string, onSent?: () => void): void {
    this.#unsent++;
    this.#browser.send(message, { binary: false }, (error) => {
      this.#unsent--;
      if (!error) onSent?.();
      this.#goOn();
    });
    if (!this.#mayPause) {
      if (this.#isAbove(WATCHER_BEHIND, WATCHER_MESSAGES)) this.#onStalled();
      return;
    }
    if (this.isStalled || !this.#isAbove(HIGH_WATER, MOST_MESSAGES)) return;
    this.#guacd.pause();
    this.#stalled = setTimeout(this.#onStalled, STALLED_MS);
  }

  #goOn(): void {
    if (!this.isStalled || this.#isAbove(LOW_WATER, MOST_MESSAGES / 4)) return;
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    this.#guacd.resume();
  }

  #isAbove(bytes: number, messages: number): boolean {
    return this.#browser.bufferedAmount > bytes || this.#unsent > messages;
  }

  #keep(bytes: Buffer): void {
    const length = this.#kept + bytes.length;
    if (length > this.#tail.length) {
      const longer = Buffer.allocUnsafeSlow(2 * length);
      this.#tail.copy(longer, 0, 0, this.#kept);
      this.#tail = longer;
    }
    bytes.copy(this.#tail, this.#kept);
    this.#kept = length;
  }

  #hear(message: Buffer): void {
    const error = decode(message.toString()).instructions.find(([opcode]) => opcode === 'error');
    const code = Number(error?.[2]);
    this.said = { code: Number.isInteger(code) ? code : STATUS.serverError.code, words: error?.[1] ?? '' };
  }
}
