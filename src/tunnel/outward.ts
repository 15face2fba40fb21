import type { Borders } from './borders.ts';
import { decode, encode, type Instruction } from './instruction.ts';
import type { Rights } from './policy.ts';

/**
 * Keeps the desktop's clipboard from whoever may not have it. guacd tells it to every user of a connection alike: with a
 * student who may copy, a proctor and a recording would get it too. guacd's own switch and the desktop's stand before this.
 */
export class Outward {
  readonly #rights: Rights;
  readonly #dropped = new Set<string>();

  constructor(rights: Rights) {
    this.#rights = rights;
  }

  /**
   * Takes a message of whole instructions, with the borders that were found in it.
   * @returns what may go on; the message itself where all of it may
   */
  pass(message: Buffer, borders: Pick<Borders, 'sawClipboard'>): Buffer {
    if (this.#rights.mayCopy || (this.#dropped.size === 0 && !borders.sawClipboard)) return message;
    borders.sawClipboard = false;
    const { instructions } = decode(message.toString('utf8'));
    const passed = instructions.filter((instruction) => !this.#isClipboard(instruction));
    return passed.length === instructions.length ? message : Buffer.from(passed.map(encode).join(''));
  }

  #isClipboard([opcode, stream = '']: Instruction): boolean {
    if (opcode === 'clipboard') this.#dropped.add(stream);
    // The stream's number is used again afterwards: for a picture, which opens with other words.
    if (opcode === 'end') return this.#dropped.delete(stream);
    return opcode === 'clipboard' || (opcode === 'blob' && this.#dropped.has(stream));
  }
}
