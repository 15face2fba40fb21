import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import { Borders } from './borders.ts';
import { FirstPicture } from './first-picture.ts';
import type { GuacdConnection } from './guacd.ts';
import { decode, encode, LONGEST_INSTRUCTION, MalformedInstruction } from './instruction.ts';
import { mayPass } from './policy.ts';
import { STATUS, type Status } from './status.ts';

/** Above this much unsent to the browser guacd is paused; it goes on below the lower mark. Bytes. */
const HIGH_WATER = 1024 * 1024;
const LOW_WATER = 256 * 1024;
/** A browser that takes nothing for this long is closed: guacd must not wait for it for ever. */
const STALLED_MS = 30_000;
/**
 * xrdp drops a change of size that comes while it is still busy with the one before, or just after the login: the
 * newest is said again, which changes nothing where it was heard.
 */
const SIZE_AGAIN_MS = [1_500, 5_000] as const;
/** Ends a frame. Time 0 is what a new client stands at, so it does not answer, and guacd need not know. */
const END_OF_FRAME = encode(['sync', '0']);

/** Joins one browser to one guacd connection until either ends. Memory is bounded in both directions. */
export class Relay {
  readonly #browser: WebSocket;
  readonly #guacd: GuacdConnection;
  readonly #readOnly: boolean;
  readonly #borders = new Borders();
  readonly #firstPicture = new FirstPicture();
  #tail: Buffer[] = [];
  #typed = '';
  #stalled: NodeJS.Timeout | undefined;
  #sizeAgain: NodeJS.Timeout[] = [];
  #ended = false;
  bytesToBrowser = 0;
  bytesToDesktop = 0;

  constructor(browser: WebSocket, guacd: GuacdConnection, readOnly: boolean) {
    this.#browser = browser;
    this.#guacd = guacd;
    this.#readOnly = readOnly;
  }

  /** Starts both directions. @param onEnd called once, when it is over */
  start(onEnd: () => void): void {
    const { socket, rest } = this.#guacd;
    const browser = this.#browser;
    // The client takes the tunnel as open at the first instruction, which tells it the tunnel's id.
    browser.send(encode(['', randomUUID()]));
    if (rest.length > 0) this.#guarded(() => this.#toBrowser(rest));
    socket.on('data', (chunk: Buffer) => this.#guarded(() => this.#toBrowser(chunk)));
    socket.on('drain', () => browser.resume());
    browser.on('message', (message: Buffer, binary: boolean) => this.#guarded(() => this.#toGuacd(message, binary)));
    const over = (): void => {
      if (!this.#ended) this.end(STATUS.noAnswer);
      clearTimeout(this.#stalled);
      for (const timer of this.#sizeAgain) clearTimeout(timer);
    };
    socket.once('close', over);
    browser.once('close', () => {
      over();
      onEnd();
    });
    browser.on('error', over);
  }

  /** Ends it with a reason that the student's page shows. */
  end(status: Status): void {
    if (this.#ended) return;
    this.#ended = true;
    endWith(this.#browser, status);
    this.#guacd.socket.end(encode(['disconnect']));
    this.#guacd.socket.destroySoon();
  }

  #toBrowser(chunk: Buffer): void {
    const complete = this.#borders.push(chunk);
    if (complete === 0) {
      this.#tail.push(chunk);
      return;
    }
    const whole = chunk.subarray(0, complete);
    const message = this.#tail.length === 0 ? whole : Buffer.concat([...this.#tail, whole]);
    this.#tail = complete < chunk.length ? [chunk.subarray(complete)] : [];
    this.bytesToBrowser += message.length;
    this.#browser.send(message, { binary: false }, () => this.#sent());
    if (this.#firstPicture.endsIn(message)) this.#browser.send(END_OF_FRAME);
    if (this.#browser.bufferedAmount > HIGH_WATER && this.#stalled === undefined) {
      this.#guacd.socket.pause();
      this.#stalled = setTimeout(() => this.end(STATUS.tooSlow), STALLED_MS);
    }
  }

  #sent(): void {
    if (this.#stalled === undefined || this.#browser.bufferedAmount > LOW_WATER) return;
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    this.#guacd.socket.resume();
  }

  #toGuacd(message: Buffer, binary: boolean): void {
    if (binary) throw new MalformedInstruction('binary frame');
    this.#typed += message.toString('utf8');
    const { instructions, read } = decode(this.#typed);
    this.#typed = this.#typed.slice(read);
    if (this.#typed.length > LONGEST_INSTRUCTION) throw new MalformedInstruction('instruction too long');
    let passed = '';
    for (const instruction of instructions) {
      // The client's own pings have an empty opcode and are for the tunnel, not for guacd.
      if (instruction[0] === '') this.#answer(instruction.slice(1));
      else if (mayPass(instruction, this.#readOnly)) {
        passed += encode(instruction);
        if (instruction[0] === 'size') this.#saySizeAgain(encode(instruction));
      }
    }
    if (passed === '') return;
    this.bytesToDesktop += passed.length;
    if (!this.#guacd.socket.write(passed)) this.#browser.pause();
  }

  #saySizeAgain(size: string): void {
    for (const timer of this.#sizeAgain) clearTimeout(timer);
    this.#sizeAgain = SIZE_AGAIN_MS.map((ms) => setTimeout(() => this.#guacd.socket.write(size), ms));
  }

  #answer(args: readonly string[]): void {
    if (args[0] === 'ping') this.#browser.send(encode(['', 'ping', args[1] ?? '']));
  }

  #guarded(act: () => void): void {
    if (this.#ended) return;
    try {
      act();
    } catch (error) {
      this.end(error instanceof MalformedInstruction ? STATUS.badRequest : STATUS.serverError);
    }
  }
}

/** Tells the browser why in both ways it may listen: an error instruction, and the code as the close reason. */
export function endWith(browser: WebSocket, status: Status): void {
  if (browser.readyState === browser.OPEN) browser.send(encode(['error', status.words, String(status.code)]));
  browser.close(1000, String(status.code));
}
