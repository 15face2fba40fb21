import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { decode, encode, type Instruction } from '../../src/tunnel/instruction.ts';

/** What the liar does with one join, from its first byte on. */
export type Lie = (join: Joined) => void;

/** One join of a desktop that is lied about. */
export interface Joined {
  readonly socket: Socket;
  /** Everything that the worker has said in it, decoded. */
  readonly heard: Instruction[];
  /** Waits for what the worker says next that has this opcode. Never, when the socket closes before. */
  onHeard(opcode: string, act: () => void): void;
}

const ARGS = encode(['args', 'VERSION_1_3_0', 'hostname', 'port', 'password', 'drive-path', 'read-only']);
const FRAME_MS = 3_000;
/** Instructions of a handshake, and how many of those after it are kept. */
const HANDSHAKE = 6;
const KEPT = 50;

/**
 * Stands before guacd: most of what comes goes through to the real one. Desktops that are its victims it answers for
 * itself, from the login on, and to their students' joins it says what it is told to.
 */
export class Liar {
  readonly #victims = new Set<string>();
  readonly #ips = new Map<string, string>();
  readonly #lies = new Map<string, Lie>();
  readonly #open = new Set<Socket>();
  #guacd = '';
  /** What the worker has said that no worker may say; one line each. */
  readonly wrong: string[] = [];
  #made = 0;

  /** @returns the port on which it listens at `host` */
  async listen(host: string, guacd: string): Promise<number> {
    this.#guacd = guacd;
    const server = createServer((socket) => this.#answer(socket)).listen(0, host);
    server.unref();
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** From now on this desktop is lied about. */
  take(ip: string): void {
    this.#victims.add(ip);
    this.#lies.set(ip, honest);
  }

  tell(ip: string, lie: Lie): void {
    this.#lies.set(ip, lie);
  }

  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #answer(socket: Socket): void {
    this.#keep(socket);
    const heard: Instruction[] = [];
    const waiting = new Map<string, () => void>();
    let text = '';
    const joined: Joined = { socket, heard, onHeard: (opcode, act) => waiting.set(opcode, act) };
    const take = (bytes: Buffer): void => {
      text += bytes.toString('utf8');
      for (const each of this.#read(text, (rest) => (text = rest))) {
        if (heard.some(([opcode]) => opcode === 'connect') && !mayBeSaid(each))
          this.wrong.push(`the worker sent guacd ${each}`);
        heard.push(each);
        heard.splice(HANDSHAKE, heard.length - HANDSHAKE - KEPT);
        const act = waiting.get(each[0]);
        waiting.delete(each[0]);
        act?.();
      }
    };
    socket.on('data', take);
    joined.onHeard('select', () => {
      const [, what = ''] = heard[0] ?? [];
      const ip = this.#ips.get(what);
      if (ip !== undefined && this.#victims.has(ip)) return this.#lies.get(ip)?.(joined);
      socket.off('data', take);
      this.#through(socket, what);
    });
  }

  #read(text: string, rest: (text: string) => void): Instruction[] {
    try {
      const { instructions, read } = decode(text);
      rest(text.slice(read));
      return instructions;
    } catch (error) {
      this.wrong.push(`the worker sent guacd what is no instruction (${error}): ${text.slice(0, 80)}`);
      rest('');
      return [];
    }
  }

  /** To the real guacd, unless the login turns out to be a victim's. */
  #through(worker: Socket, what: string): void {
    const guacd = this.#keep(connect({ host: this.#guacd, port: 4822, noDelay: true }));
    guacd.on('close', () => worker.destroy());
    worker.on('close', () => guacd.destroy());
    guacd.write(encode(['select', what]));
    let ip = '';
    let isPastLogin = what !== 'rdp';
    guacd.on('data', (bytes: Buffer) => {
      const id = isPastLogin ? undefined : /5\.ready,\d+\.(\$[^;]*);/.exec(bytes.toString('latin1'))?.[1];
      if (id !== undefined) this.#ips.set(id, ip);
      isPastLogin ||= id !== undefined;
      if (!worker.destroyed) worker.write(bytes);
    });
    worker.on('data', (bytes: Buffer) => {
      if (what === 'rdp' && ip === '') ip = /\d+\.(10\.\d+\.\d+\.\d+),/.exec(bytes.toString('latin1'))?.[1] ?? '';
      if (what === 'rdp' && this.#victims.has(ip)) return this.#hold(worker, guacd, ip);
      guacd.write(bytes);
    });
  }

  /** The held connection of a victim: painted, and never heard of again. */
  #hold(worker: Socket, guacd: Socket, ip: string): void {
    worker.removeAllListeners('data').resume();
    guacd.removeAllListeners('close').destroy();
    const id = `$lie-${++this.#made}`;
    this.#ips.set(id, ip);
    worker.write(encode(['ready', id]) + encode(['sync', '1']));
    const frames = setInterval(() => worker.write(encode(['sync', '1'])), FRAME_MS);
    worker.once('close', () => clearInterval(frames));
  }

  #keep(socket: Socket): Socket {
    this.#open.add(socket);
    return socket.on('error', () => undefined).on('close', () => this.#open.delete(socket));
  }
}

/** Answers the handshake as guacd does and calls `then` when it is over. */
export function shake({ socket, onHeard }: Joined, then: () => void): void {
  socket.write(ARGS);
  onHeard('connect', () => {
    // Something drawn, or the worker takes the join for a dead one.
    socket.write(encode(['ready', '$joined']) + encode(['sync', '1']));
    then();
  });
}

/** As the policy is written down in docs/architecture.md; not taken from the code that it is about. */
function mayBeSaid([opcode, width, height]: Instruction): boolean {
  if (opcode !== 'size') return ['key', 'mouse', 'touch', 'sync', 'ack', 'nop', 'disconnect'].includes(opcode);
  return [width, height].every((each) => /^\d{3,4}$/.test(each ?? '') && Number(each) >= 200 && Number(each) <= 7680);
}

export const honest: Lie = (join) => shake(join, () => undefined);
