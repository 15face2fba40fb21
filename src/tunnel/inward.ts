import type { Instruction } from './instruction.ts';
import type { Rights } from './policy.ts';

/**
 * What a student's browser may say to guacd. Everything else (files, pipes, audio in, argument changes) is dropped: the
 * exam has no use for it and a desktop could leak through it.
 */
const STUDENT = new Set(['key', 'mouse', 'touch', 'size', 'sync', 'ack', 'nop', 'disconnect']);

/**
 * Who only looks keeps his connection alive and nothing else. No `sync` either: guacd slows the picture down, for all, to
 * what its slowest user says that he has seen.
 */
const WATCHER = new Set(['nop', 'disconnect']);

/** guacd keeps this much of a paste and drops what is longer. Characters of base64. */
const LONGEST_PASTE = Math.ceil((256 * 1024 * 4) / 3);
const MOST_PASTES = 4;

/** What one browser may say, instruction by instruction: a paste is a stream of several. */
export class Inward {
  readonly #rights: Rights;
  /** Pastes under way, by their stream, and how much of each has come. */
  readonly #pastes = new Map<string, number>();

  constructor(rights: Rights) {
    this.#rights = rights;
  }

  mayPass([opcode, ...args]: Instruction): boolean {
    if (!this.#rights.mayAct) return WATCHER.has(opcode);
    if (STUDENT.has(opcode)) return opcode !== 'size' || isWindow(args);
    return this.#rights.mayPaste && this.#isPaste(opcode, args);
  }

  #isPaste(opcode: string, [stream = '', content = '']: readonly string[]): boolean {
    if (opcode === 'clipboard') {
      if (content !== 'text/plain' || this.#pastes.size >= MOST_PASTES) return false;
      this.#pastes.set(stream, 0);
      return true;
    }
    const had = this.#pastes.get(stream);
    // A file's or a pipe's parts look the same: only the stream tells.
    if (had === undefined) return false;
    if (opcode === 'blob') this.#pastes.set(stream, had + content.length);
    if (opcode === 'blob') return had + content.length <= LONGEST_PASTE;
    return opcode === 'end' && this.#pastes.delete(stream);
  }
}

// The contract's limits for the query hold for later changes of the window too.
function isWindow([width, height]: readonly string[]): boolean {
  return within(Number(width), 200, 7680) && within(Number(height), 200, 4320);
}

function within(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
