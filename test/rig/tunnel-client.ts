import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import WebSocket from 'ws';
import { decode, encode, type Instruction } from '../../src/tunnel/instruction.ts';

/** What the control-plane makes of a text (contract, section 4); written anew here from its words. */
export function sealed(keyText: string, text: string): string {
  const bytes = Buffer.from(keyText, 'utf8');
  const key = bytes.length === 32 ? bytes : createHash('sha256').update(bytes).digest();
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const value = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  return Buffer.from(JSON.stringify({ iv: iv.toString('base64'), value })).toString('base64');
}

/** A token exactly as the control-plane makes it. */
export function contractToken(keyText: string, hostname: string, extra: Record<string, string> = {}): string {
  const settings = {
    hostname,
    port: '3389',
    username: 'student',
    password: '123456',
    security: 'any',
    'ignore-cert': 'true',
    'disable-audio': 'true',
    'resize-method': 'display-update',
    ...extra,
  };
  return sealed(keyText, JSON.stringify({ connection: { type: 'rdp', settings } }));
}

/** What a browser brings along beside the query, and where it comes from. */
export interface FromWhere {
  readonly origin?: string;
  readonly cookie?: string;
  readonly localAddress?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A student's browser as far as the tunnel sees it: answers syncs, keeps every instruction's opcode and the last of each. */
export class TunnelClient {
  readonly socket: WebSocket;
  readonly opcodes: string[] = [];
  readonly last = new Map<string, Instruction>();
  /** Size of the screen as last told, such as 1280x800. */
  screen = '';
  /** Time of the first frame's end. */
  firstSync: string | undefined;
  closed: { code: number; reason: string } | undefined;
  #text = '';

  constructor(url: string, query: Record<string, string>, { cookie, headers, ...from }: FromWhere = {}) {
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/guaclite?${new URLSearchParams(query)}`, 'guacamole', {
      ...from,
      headers: { ...headers, ...(cookie ? { cookie } : {}) },
    });
    this.socket.on('message', (message: Buffer) => this.#take(message.toString('utf8')));
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.socket.on('error', () => undefined);
  }

  send(...instruction: [string, ...string[]]): void {
    this.socket.send(encode(instruction));
  }

  /** Waits for an instruction with this opcode. */
  async see(opcode: string, ms = 20_000): Promise<Instruction> {
    const end = Date.now() + ms;
    for (;;) {
      const seen = this.last.get(opcode);
      if (seen) return seen;
      if (this.closed)
        throw new Error(`closed with ${JSON.stringify(this.closed)} before ${opcode}; saw ${this.opcodes.slice(-20)}`);
      if (Date.now() > end) throw new Error(`no ${opcode} within ${ms} ms; saw ${this.opcodes.slice(-20)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** The status code with which the tunnel was closed. */
  async end(): Promise<string> {
    if (!this.closed) await once(this.socket, 'close', { signal: AbortSignal.timeout(20_000) });
    return this.closed?.reason ?? '';
  }

  close(): void {
    this.socket.close();
  }

  #take(text: string): void {
    // Whole instructions per message is part of what the tunnel owes the client.
    const { instructions, read } = decode(this.#text + text);
    if (this.#text !== '' || read !== text.length) throw new Error('a message did not end at an instruction');
    for (const instruction of instructions) {
      this.opcodes.push(instruction[0]);
      this.last.set(instruction[0], instruction);
      // Layer 0 is the screen; others are cursors and buffers.
      if (instruction[0] === 'size' && instruction[1] === '0') this.screen = `${instruction[2]}x${instruction[3]}`;
      if (instruction[0] === 'sync') {
        this.firstSync ??= instruction[1] ?? '';
        this.send('sync', instruction[1] ?? '');
      }
    }
  }
}
