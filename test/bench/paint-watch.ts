import { decode, type Instruction } from '../../src/tunnel/instruction.ts';

const SHARE_OF_SCREEN = 0.95;
const PNG_HEADER = 24;

/**
 * Tells when a stream from guacd has painted the screen: a frame has ended (`sync`) and the images drawn on layer 0 so far
 * cover the screen. The first image alone would not do: it can be a mouse pointer or a strip of the task bar.
 */
export class PaintWatch {
  readonly painted: Promise<number>;
  readonly #resolve: (at: number) => void;
  readonly #streams = new Set<string>();
  #text = '';
  #screen: number;
  #covered = 0;

  /** @param screen the size asked for: guacd 1.3 now and then does not send a first connection its own */
  constructor(screen: { readonly width: number; readonly height: number }) {
    this.#screen = screen.width * screen.height;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.painted = promise;
    this.#resolve = resolve;
  }

  push(bytes: Buffer): void {
    const { instructions, read } = decode(this.#text + bytes.toString('latin1'));
    this.#text = (this.#text + bytes.toString('latin1')).slice(read);
    for (const instruction of instructions) this.#take(instruction);
  }

  #take([opcode, ...args]: Instruction): void {
    if (opcode === 'size' && args[0] === '0') this.#screen = Number(args[1]) * Number(args[2]);
    if (opcode === 'img' && args[2] === '0') this.#streams.add(String(args[0]));
    if (opcode === 'blob' && this.#streams.delete(String(args[0]))) this.#covered += area(String(args[1]));
    if (opcode === 'sync' && this.#covered >= this.#screen * SHARE_OF_SCREEN) this.#resolve(performance.now());
  }
}

function area(base64: string): number {
  const header = Buffer.from(base64.slice(0, (PNG_HEADER * 4) / 3), 'base64');
  if (header.toString('latin1', 1, 4) !== 'PNG') throw new Error('an image that is no PNG: its size is not known here');
  return header.readUInt32BE(16) * header.readUInt32BE(20);
}
