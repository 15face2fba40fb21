import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Inlet } from './inlet.ts';
import { decode, encode, type Instruction, LONGEST_INSTRUCTION } from './instruction.ts';

export interface GuacdAddress {
  readonly host: string;
  readonly port: number;
}

/** The student's window: pixels and dots per inch. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  readonly dpi: number;
}

/** An open connection, past the handshake. */
export interface GuacdConnection {
  readonly socket: Socket;
  /** Its id: what a join selects. */
  readonly id: string;
  /** Bytes that came with the answer to the handshake and belong to the stream. */
  readonly rest: Buffer;
  /** Instead of reading the socket: `take` gets what comes after `rest`, to be looked at only during the call. It must not rise. */
  readonly take: (take: (bytes: Buffer) => void) => void;
}

/** guacd said no, or something that is none of the protocol. */
export class GuacdRefused extends Error {
  override name = 'GuacdRefused';
}

/**
 * Opens a connection to guacd: a new one to a desktop (`select` is `rdp`), or a join of an open one (`select` is its id).
 * Every setting that guacd may ask for comes from `settings`; what is not in there is left empty.
 * @throws GuacdRefused, or the socket's error, or the signal's reason
 */
export async function openGuacd(
  address: GuacdAddress,
  select: string,
  settings: Readonly<Record<string, string>>,
  screen: Screen,
  signal: AbortSignal,
): Promise<GuacdConnection> {
  const inlet = new Inlet(address);
  const { socket } = inlet;
  try {
    await once(socket, 'connect', { signal });
    const reader = new HandshakeReader(socket, signal);
    socket.write(encode(['select', select]));
    const args = await reader.expect('args');
    const { width, height, dpi } = screen;
    const answers: Instruction[] = [
      ['size', String(width), String(height), String(dpi)],
      ['audio'],
      ['video'],
      ['image', 'image/png', 'image/jpeg', 'image/webp'],
      ['connect', ...args.map((name) => (name.startsWith('VERSION_') ? name : (settings[name] ?? '')))],
    ];
    socket.write(answers.map(encode).join(''));
    const [id] = await reader.expect('ready');
    if (!id) throw new GuacdRefused('guacd named no connection');
    return { socket, id, rest: reader.end(), take: (take) => inlet.take(take) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Waits until anything has come on a connection, and takes none of it. @returns false when nothing came in time */
export async function speaks({ socket, rest }: GuacdConnection, signal: AbortSignal): Promise<boolean> {
  if (rest.length > 0 || socket.readableLength > 0) return true;
  await once(socket, 'readable', { signal }).catch(() => undefined);
  return socket.readableLength > 0;
}

/** Reads the few instructions of the handshake; what follows them stays untouched in `end()`. */
class HandshakeReader {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  // latin1 keeps bytes as they are: the handshake is ASCII, and what comes after it must not be decoded here.
  #text = '';

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    // Without a listener of its own an error between two reads would end the whole program.
    socket.on('error', () => undefined);
  }

  /** The arguments of the next instruction, which must have this opcode. */
  async expect(opcode: string): Promise<string[]> {
    for (;;) {
      const end = this.#text.indexOf(';');
      const first = end === -1 ? undefined : decode(this.#text.slice(0, end + 1)).instructions[0];
      if (first) {
        this.#text = this.#text.slice(end + 1);
        if (first[0] === opcode) return first.slice(1);
        if (first[0] === 'error') throw new GuacdRefused(`guacd: ${first[1] ?? 'error'} (${first[2] ?? '?'})`);
        continue;
      }
      if (this.#text.length > LONGEST_INSTRUCTION) throw new GuacdRefused('guacd sent no end of an instruction');
      this.#text += await this.#read();
    }
  }

  end(): Buffer {
    return Buffer.from(this.#text, 'latin1');
  }

  async #read(): Promise<string> {
    for (;;) {
      const chunk: Buffer | null = this.#socket.read();
      if (chunk) return chunk.toString('latin1');
      if (this.#socket.readableEnded || this.#socket.destroyed) throw new GuacdRefused('guacd closed the connection');
      const waiting = new AbortController();
      const signal = AbortSignal.any([this.#signal, waiting.signal]);
      await Promise.race(['readable', 'end', 'close'].map((event) => once(this.#socket, event, { signal }))).finally(
        () => waiting.abort(),
      );
    }
  }
}
