import { decode } from './instruction.ts';

/** The screen itself; other layers are cursors and what programs put above it. */
const SCREEN_LAYER = '0';
/** A join's picture of the screen is smaller than this; what comes without one is not looked at for ever. Bytes. */
const LOOKED_AT = 2 * 1024 * 1024;

/**
 * Sees when the picture of the screen that guacd sends to whoever joins has come whole. guacd itself ends that frame only
 * with its next one, on a still desktop up to 250 ms later, and a browser shows nothing before a frame has ended.
 */
export class FirstPicture {
  #streams: Set<string> | undefined = new Set();
  #bytes = 0;

  /**
   * Takes a message of whole instructions.
   * @returns true once: when the picture ended in this message
   */
  endsIn(message: Buffer): boolean {
    const streams = this.#streams;
    if (!streams) return false;
    this.#bytes += message.length;
    for (const [opcode, stream = '', , layer] of decode(message.toString('utf8')).instructions) {
      if (opcode === 'img' && layer === SCREEN_LAYER) streams.add(stream);
      if (opcode === 'end' && streams.has(stream)) {
        this.#streams = undefined;
        return true;
      }
    }
    if (this.#bytes > LOOKED_AT) this.#streams = undefined;
    return false;
  }
}
