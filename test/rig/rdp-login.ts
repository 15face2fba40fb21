import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { openGuacd } from '../../src/tunnel/guacd.ts';
import { decode, encode, type Instruction } from '../../src/tunnel/instruction.ts';

const PAINT_MS = 8_000;
const BETWEEN_KEYS_MS = 60;

/** A login to a desktop past the worker: guacd is asked directly, with whatever settings, by somebody on the services' side. */
export class RdpLogin {
  readonly #socket: Socket;
  readonly opcodes = new Set<string>();
  #text: string;

  private constructor(socket: Socket, rest: Buffer) {
    this.#socket = socket;
    this.#text = rest.toString('latin1');
    socket.on('data', (chunk: Buffer) => this.#take(chunk.toString('latin1')));
  }

  static async open(guacd: string, settings: Record<string, string>): Promise<RdpLogin> {
    const screen = { width: 1024, height: 768, dpi: 96 };
    const signal = AbortSignal.timeout(PAINT_MS);
    const { socket, rest } = await openGuacd({ host: guacd, port: 4822 }, 'rdp', settings, screen, signal);
    return new RdpLogin(socket, rest);
  }

  /** Types keys one after the other; a list is held down together, such as Ctrl and C. */
  async type(...keys: (string | string[])[]): Promise<void> {
    for (const key of keys) {
      const together = [key].flat().map(keysym);
      for (const one of together) this.send(['key', one, '1']);
      await pause(BETWEEN_KEYS_MS);
      for (const one of together.reverse()) this.send(['key', one, '0']);
      await pause(BETWEEN_KEYS_MS);
    }
  }

  send(instruction: Instruction): void {
    this.#socket.write(encode(instruction));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    const { instructions, read } = decode(this.#text + text);
    this.#text = (this.#text + text).slice(read);
    for (const instruction of instructions) {
      this.opcodes.add(instruction[0]);
      if (instruction[0] === 'sync') this.send(['sync', instruction[1] ?? '']);
    }
  }
}

const NAMED: Record<string, number> = { Control: 0xffe3, Shift: 0xffe1, Enter: 0xff0d, F4: 0xffc1, Alt: 0xffe9 };

function keysym(key: string): string {
  return String(NAMED[key] ?? key.charCodeAt(0));
}
