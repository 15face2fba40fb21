import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { decode, encode, type Instruction, LONGEST_INSTRUCTION, MalformedInstruction } from './instruction.ts';
import { Inward } from './inward.ts';
import type { Rights } from './policy.ts';
import { Pressed } from './pressed.ts';

/** guacd that takes nothing for this long does not answer. */
const STALLED_MS = 30_000;
/** guacamole-common-js sends whole instructions; each further message of one that does not is read from its start again. */
const MOST_PIECES = 8;
/**
 * xrdp drops a change of size that comes while it is still busy with the one before, or just after the login: the
 * newest is said again, which changes nothing where it was heard.
 */
const SIZE_AGAIN_MS = [1_500, 5_000] as const;

export interface Ends {
  /** The client's own instructions, which are for the tunnel: their opcode is empty. */
  onInternal(args: readonly string[]): void;
  onStalled(): void;
}

/** The way from one browser to one guacd: only what the policy lets pass, and no more than guacd takes. */
export class ToDesktop {
  readonly #browser: WebSocket;
  readonly #socket: Socket;
  readonly #inward: Inward;
  readonly #ends: Ends;
  readonly #pressed = new Pressed();
  #typed = '';
  #pieces = 0;
  #stalled: NodeJS.Timeout | undefined;
  #sizeAgain: NodeJS.Timeout[] = [];
  bytes = 0;

  constructor(browser: WebSocket, socket: Socket, rights: Rights, ends: Ends) {
    this.#browser = browser;
    this.#socket = socket;
    this.#inward = new Inward(rights);
    this.#ends = ends;
    socket.on('drain', () => this.#goOn());
  }

  /** @throws MalformedInstruction */
  take(message: Buffer, binary: boolean): void {
    if (binary) throw new MalformedInstruction('binary frame');
    this.#typed += message.toString('utf8');
    const { instructions, read } = decode(this.#typed);
    this.#typed = this.#typed.slice(read);
    this.#pieces = this.#typed === '' ? 0 : this.#pieces + 1;
    if (this.#typed.length > LONGEST_INSTRUCTION || this.#pieces > MOST_PIECES)
      throw new MalformedInstruction('instruction too long');
    let passed = '';
    for (const instruction of instructions) {
      if (instruction[0] === '') this.#ends.onInternal(instruction.slice(1));
      else if (this.#inward.mayPass(instruction)) passed += this.#pass(instruction);
    }
    if (passed === '') return;
    this.bytes += passed.length;
    if (!this.#socket.write(passed)) this.#wait();
  }

  /** What must still be said for a browser that is gone: that it holds nothing down any more. */
  letGo(): string {
    return this.#pressed.letGo().map(encode).join('');
  }

  stop(): void {
    clearTimeout(this.#stalled);
    for (const timer of this.#sizeAgain) clearTimeout(timer);
  }

  #pass(instruction: Instruction): string {
    const text = encode(instruction);
    this.#pressed.note(instruction);
    if (instruction[0] === 'size') {
      for (const timer of this.#sizeAgain) clearTimeout(timer);
      this.#sizeAgain = SIZE_AGAIN_MS.map((ms) => setTimeout(() => this.#socket.write(text), ms));
    }
    return text;
  }

  #wait(): void {
    if (this.#stalled !== undefined) return;
    this.#browser.pause();
    this.#stalled = setTimeout(this.#ends.onStalled, STALLED_MS);
  }

  #goOn(): void {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    this.#browser.resume();
  }
}
