import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { decode, type Instruction } from '../../src/tunnel/instruction.ts';

const END_OF_HEAD = '\r\n\r\n';
const KEPT = 200;

/** What a browser sends to open a tunnel; `query` goes in as it is. */
export function request(query: string, more = ''): string {
  return [
    `GET /guaclite?${query} HTTP/1.1`,
    'Host: worker',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Protocol: guacamole',
    `${more}${END_OF_HEAD.slice(2)}`,
  ].join('\r\n');
}

/** A client of bare bytes: it can say what no browser says, and believes nothing that it hears. */
export class RawTunnel {
  readonly socket: Socket;
  /** First line of the answer. */
  status = '';
  /** What the worker sent that no browser would take. */
  wrong: string | undefined;
  isClosed = false;
  /** The last instructions that came. */
  readonly heard: Instruction[] = [];
  #bytes = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  /** @param from an address of this machine; the worker counts attempts by it */
  constructor(port: number, from: string, bytes: string | Buffer) {
    this.socket = connect({ host: '127.0.0.1', port, localAddress: from, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#wake?.();
    });
    this.socket.write(bytes);
  }

  has(opcode: string, last?: string): boolean {
    return this.heard.some((each) => each[0] === opcode && (last === undefined || each.at(-1) === last));
  }

  /** Waits until it is so, or the tunnel is closed, or the time is over. @returns whether it is so */
  async until(isSo: () => boolean, ms: number): Promise<boolean> {
    const end = performance.now() + ms;
    while (!isSo() && !this.isClosed && performance.now() < end) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, end - performance.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return isSo();
  }

  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.status === '') {
      const head = this.#bytes.indexOf(END_OF_HEAD);
      if (head === -1) return;
      this.status = this.#bytes.toString('latin1', 0, this.#bytes.indexOf('\r\n'));
      this.#bytes = this.#bytes.subarray(head + END_OF_HEAD.length);
    }
    if (this.status.includes(' 101 ')) while (this.#frame());
    this.#wake?.();
  }

  /** Takes one frame of the worker's. @returns false when none has come whole */
  #frame(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const [first = 0, second = 0] = bytes;
    const place = measure(bytes, second);
    if (!place || bytes.length < place.from + place.length) return false;
    const { from, length } = place;
    const payload = bytes.subarray(from, from + length);
    this.#bytes = Buffer.from(bytes.subarray(from + length));
    if (first === 0x81) this.#text(payload);
    // Else a close, a ping or a pong: whole, and nothing reserved.
    else if (![0x88, 0x89, 0x8a].includes(first)) this.wrong ??= `a frame that begins with ${first}`;
    return true;
  }

  #text(payload: Buffer): void {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
      const { instructions, read } = decode(text);
      if (read !== text.length) this.wrong ??= `a message that ends inside an instruction: ${text.slice(0, 80)}`;
      this.heard.push(...instructions);
      this.heard.splice(0, this.heard.length - KEPT);
    } catch (error) {
      this.wrong ??= `a message of no instructions (${error}): ${payload.toString('latin1', 0, 80)}`;
    }
  }
}

/** Where a frame's payload is. @returns undefined while its length has not come */
function measure(bytes: Buffer, second: number): { readonly from: number; readonly length: number } | undefined {
  if (second < 126) return { from: 2, length: second };
  if (second === 126) return bytes.length < 4 ? undefined : { from: 4, length: bytes.readUInt16BE(2) };
  return bytes.length < 10 ? undefined : { from: 10, length: Number(bytes.readBigUInt64BE(2)) };
}
