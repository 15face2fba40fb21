import { isAscii } from 'node:buffer';
import { LONGEST_INSTRUCTION, MalformedInstruction } from './instruction.ts';

const DOT = 0x2e;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const ZERO = 0x30;
const NINE = 0x39;
/** Of each element, beside what its length counts: a digit, the dot, the end. */
const SIGNS = 3;
const ERROR = Buffer.from('error');
const CLIPBOARD = 'clipboard';

/**
 * Finds where instructions end in a stream of bytes, without decoding it: guacamole-common-js wants whole instructions
 * per message, and a message of text must not end inside a character. Only lengths are read; what they count is skipped.
 */
export class Borders {
  /** An `error` instruction has come to its end. */
  sawError = false;
  /** An instruction whose opcode has nine letters has come to its end: guacd says no other than `clipboard`. Whoever has looked takes it back. */
  sawClipboard = false;
  /** The last chunk was ASCII throughout. */
  isAscii = true;
  /** Value of the length being read; -1 before its first digit. */
  #length = -1;
  /** Code points left of the element being passed; -1 while a length is read. */
  #left = -1;
  #size = 0;
  #isOpcode = true;
  /** Letters of `error` that the opcode has so far; -1 when it is another. */
  #spelled = -1;
  #isClipboard = false;

  /**
   * Takes the next chunk.
   * @returns how many of its bytes belong to complete instructions; 0 when none ends here
   * @throws MalformedInstruction
   */
  push(chunk: Uint8Array): number {
    const ascii = isAscii(chunk);
    this.isAscii = ascii;
    let complete = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        if (this.#isOpcode && this.#spelled >= 0) this.#spell(chunk, at);
        at = ascii ? this.#skipBytes(chunk, at) : this.#skipPoints(chunk, at);
        continue;
      }
      const byte = chunk[at] as number;
      // Bytes after the last counted character's first one still belong to it.
      if (this.#left === 0 && (byte & 0xc0) === 0x80) at++;
      else {
        if (this.#left === 0) this.#end(byte);
        else this.#digit(byte);
        at++;
        if (byte === SEMICOLON) complete = at;
      }
    }
    return complete;
  }

  #skipBytes(chunk: Uint8Array, at: number): number {
    const step = Math.min(this.#left, chunk.length - at);
    this.#left -= step;
    return at + step;
  }

  #skipPoints(chunk: Uint8Array, from: number): number {
    let at = from;
    for (; at < chunk.length && this.#left > 0; at++) if (((chunk[at] as number) & 0xc0) !== 0x80) this.#left--;
    return at;
  }

  #spell(chunk: Uint8Array, at: number): void {
    const here = Math.min(this.#left, chunk.length - at);
    for (let letter = 0; letter < here; letter++)
      if (chunk[at + letter] !== ERROR[this.#spelled++]) {
        this.#spelled = -1;
        return;
      }
  }

  #end(byte: number): void {
    if (byte === SEMICOLON) {
      this.#size = 0;
      if (this.#spelled === ERROR.length) this.sawError = true;
      if (this.#isClipboard) this.sawClipboard = true;
    } else if (byte !== COMMA) throw new MalformedInstruction('element does not end where its length says');
    this.#isOpcode = byte === SEMICOLON;
    this.#left = -1;
    this.#length = -1;
  }

  #digit(byte: number): void {
    if (byte >= ZERO && byte <= NINE) {
      this.#length = Math.max(0, this.#length) * 10 + (byte - ZERO);
    } else if (byte === DOT && this.#length >= 0) {
      this.#left = this.#length;
      // Empty elements count too: without end they would be waited for without end.
      this.#size += this.#length + SIGNS;
      if (this.#isOpcode) {
        this.#spelled = this.#length === ERROR.length ? 0 : -1;
        this.#isClipboard = this.#length === CLIPBOARD.length;
      }
    } else throw new MalformedInstruction('no length where one must be');
    if (this.#length > LONGEST_INSTRUCTION || this.#size > LONGEST_INSTRUCTION) {
      throw new MalformedInstruction('instruction too long');
    }
  }
}
