import WebSocket from 'ws';
import { decode, encode } from '../../src/tunnel/instruction.ts';
import { contractToken } from '../rig/tunnel-client.ts';
import { Seeded } from '../seeded.ts';
import { type Liar, shake } from './fuzz-liar.ts';

const MOVE_MS = 200;
const SAY_MS = 25;
/** Longer than this without a word is a session that was touched. */
const QUIET_MS = 15_000;

/** Somebody whose session must not notice what others do. */
export abstract class Bystander {
  readonly socket: WebSocket;
  readonly name: string;
  readonly #moving: NodeJS.Timeout;
  #heardAt = performance.now();
  #longest = 0;
  wrong: string | undefined;

  constructor(name: string, url: string, key: string, ip: string) {
    this.name = name;
    const query = new URLSearchParams({ token: contractToken(key, ip), width: '1024', height: '768' });
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/guaclite?${query}`, 'guacamole');
    this.socket.on('message', (message: Buffer) => this.#take(message.toString('utf8')));
    this.socket.on('close', (_code, reason) => this.#spoilt(`closed: ${reason}`));
    this.socket.on('error', (error) => this.#spoilt(String(error)));
    let at = 0;
    this.#moving = setInterval(() => {
      at += 7;
      this.say('mouse', String(at % 1000), String(at % 700), '0');
    }, MOVE_MS);
  }

  /** What is not as it must be, if anything is. */
  look(): string | undefined {
    const quiet = performance.now() - this.#heardAt;
    if (quiet > QUIET_MS) this.#spoilt(`heard nothing for ${Math.round(quiet)} ms`);
    return this.wrong;
  }

  /** The longest time without a word, ms. */
  get longestQuiet(): number {
    return Math.round(this.#longest);
  }

  say(...instruction: [string, ...string[]]): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(encode(instruction));
  }

  close(): void {
    clearInterval(this.#moving);
    this.socket.removeAllListeners('close').close();
  }

  protected abstract hear(instruction: readonly string[]): string | undefined;

  #take(text: string): void {
    this.#longest = Math.max(this.#longest, performance.now() - this.#heardAt);
    this.#heardAt = performance.now();
    try {
      const { instructions, read } = decode(text);
      if (read !== text.length) this.#spoilt('a message ends inside an instruction');
      for (const each of instructions) {
        if (each[0] === 'sync') this.say('sync', each[1] ?? '');
        this.#spoilt(this.hear(each));
      }
    } catch (error) {
      this.#spoilt(String(error));
    }
  }

  #spoilt(what: string | undefined): void {
    if (what !== undefined) this.wrong ??= `${this.name}: ${what}`;
  }
}

/** On a real desktop through the real guacd: what it gets is whole, and goes on. */
export class RealBystander extends Bystander {
  frames = 0;

  protected hear([opcode]: readonly string[]): undefined {
    if (opcode === 'sync') this.frames++;
  }
}

/** On a desktop of which we are guacd: every byte of what it gets is known. */
export class ExactBystander extends Bystander {
  count = 0;

  protected hear(instruction: readonly string[]): string | undefined {
    if (instruction[0] !== 'blob') return undefined;
    const expected = blob(this.count++);
    return instruction.join() === expected.join()
      ? undefined
      : `other than what was sent: ${instruction.join().slice(0, 60)}`;
  }
}

/** What the exact one is sent, in pieces cut anywhere. */
export function tellExactly(liar: Liar, ip: string): void {
  liar.tell(ip, (join) =>
    shake(join, () => {
      const random = new Seeded(1);
      let count = 0;
      let text = Buffer.alloc(0);
      const telling = setInterval(() => {
        text = Buffer.concat([text, Buffer.from(encode(blob(count++)))]);
        const now = random.whole(0, text.length);
        join.socket.write(text.subarray(0, now));
        text = Buffer.from(text.subarray(now));
      }, SAY_MS);
      join.socket.once('close', () => clearInterval(telling));
    }),
  );
}

function blob(count: number): [string, ...string[]] {
  const random = new Seeded(count);
  const signs = Array.from({ length: random.whole(0, 400) }, () => random.pick([...'aB0.,;', 'ế', '中', '😀']));
  return ['blob', String(count), signs.join('')];
}
