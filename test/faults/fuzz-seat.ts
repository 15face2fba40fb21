import { encode } from '../../src/tunnel/instruction.ts';
import { contractToken } from '../rig/tunnel-client.ts';
import type { Seeded } from '../seeded.ts';
import { somewhere } from './fuzz-door.ts';
import { frame } from './fuzz-frames.ts';
import { honest, type Joined, type Liar, type Lie, shake } from './fuzz-liar.ts';
import { bytes, instructions, spoil, words } from './fuzz-spoil.ts';
import { RawTunnel, request } from './fuzz-tunnel.ts';

const OPEN_MS = 8_000;
/** Half a frame, half an instruction: the other half is waited for, rightly. */
const WAITS_MS = 25;
const LIE_MS = 40;

/** A student's place of which both ends are ours: what comes out at one end for what went in at the other is looked at. */
export class FuzzSeat {
  readonly #port: number;
  readonly #key: string;
  readonly #ip: string;
  readonly #liar: Liar;
  #tunnel: RawTunnel | undefined;
  #join: Joined | undefined;

  constructor(port: number, key: string, ip: string, liar: Liar) {
    this.#port = port;
    this.#key = key;
    this.#ip = ip;
    this.#liar = liar;
  }

  /** The browser says this. @returns what was wrong with how the worker took it */
  async browserSays(random: Seeded, said: Buffer): Promise<string | undefined> {
    const tunnel = await this.#open(random);
    if (typeof tunnel === 'string') return tunnel;
    const probe = String(random.whole(1e9, 2e9));
    tunnel.socket.write(Buffer.concat([said, frame(Buffer.from(encode(['', 'ping', probe])))]));
    return this.#looked(tunnel, await tunnel.until(() => tunnel.has('', probe), WAITS_MS));
  }

  /** guacd lies after the handshake. */
  async guacdSays(random: Seeded): Promise<string | undefined> {
    const tunnel = await this.#open(random);
    const socket = this.#join?.socket;
    if (typeof tunnel === 'string' || !socket) return String(tunnel);
    const probe = String(random.whole(1e9, 2e9));
    const said = oddStream(random);
    for (let at = 0; at < said.length && !socket.destroyed; ) {
      const size = random.pick([1, 7, 1_000, 70_000]);
      socket.write(said.subarray(at, at + size));
      at += size;
      if (random.chance(0.01)) await new Promise(setImmediate);
    }
    if (random.chance(0.05)) socket.destroy();
    else socket.write(encode(['name', probe]));
    return this.#looked(tunnel, await tunnel.until(() => tunnel.has('name', probe), WAITS_MS));
  }

  /** guacd lies in the handshake. */
  async guacdShakes(random: Seeded): Promise<string | undefined> {
    this.close();
    this.#liar.tell(this.#ip, oddHandshake(random));
    const tunnel = new RawTunnel(this.#port, somewhere(random), request(this.#query()));
    await tunnel.until(() => tunnel.has(''), LIE_MS);
    tunnel.close();
    this.#liar.tell(this.#ip, honest);
    return tunnel.wrong;
  }

  close(): void {
    this.#tunnel?.close();
    this.#tunnel = undefined;
  }

  #looked(tunnel: RawTunnel, isAnswered: boolean): string | undefined {
    if (!isAnswered) this.close();
    return tunnel.wrong ?? this.#liar.wrong.shift();
  }

  async #open(random: Seeded): Promise<RawTunnel | string> {
    if (this.#tunnel && !this.#tunnel.isClosed) return this.#tunnel;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#liar.tell(this.#ip, (join) =>
      shake(join, () => {
        this.#join = join;
        resolve();
      }),
    );
    const tunnel = new RawTunnel(this.#port, somewhere(random), request(this.#query()));
    if (!(await tunnel.until(() => tunnel.has(''), OPEN_MS)))
      return `a right token opened nothing: ${tunnel.status} ${JSON.stringify(tunnel.heard)}`;
    await promise;
    this.#tunnel = tunnel;
    return tunnel;
  }

  #query(): string {
    return new URLSearchParams({ token: contractToken(this.#key, this.#ip), width: '1024', height: '768' }).toString();
  }
}

function oddStream(random: Seeded): Buffer {
  const text = Buffer.from(instructions(random).repeat(random.whole(1, 20)));
  return random.pick([
    () => text,
    () => spoil(random, text),
    () => Buffer.concat([text, Buffer.from([0x31, 0x2e, 0xff, 0x3b])]),
    () => Buffer.from(encode(['error', words(random, 40), random.pick(['519', '-1', 'x', '', '99999999999'])])),
    () => Buffer.from(encode(['disconnect'])),
    () => Buffer.from(`5.error,${random.whole(0, 70_000)}.${words(random, 40)}`),
    () => Buffer.from(encode(['blob', '1', 'A'.repeat(random.whole(0, 65_000))]).repeat(random.whole(1, 8))),
    () => Buffer.from(encode(['blob', '1', '😀ế'.repeat(random.whole(0, 2_000))])),
    () => Buffer.from(`4.blob,${'1.a,'.repeat(random.whole(0, 40_000))}`),
    () => bytes(random, 3_000),
  ])();
}

function oddHandshake(random: Seeded): Lie {
  const said = random.pick([
    () => bytes(random, 400),
    () => Buffer.from(encode(['error', words(random, 30), '519'])),
    () => Buffer.from(encode(['ready', words(random, 30)])),
    () =>
      Buffer.from(
        encode(['args', ...Array.from({ length: random.whole(0, 300) }, () => words(random, 20))]) + encode(['ready']),
      ),
    () =>
      Buffer.from(encode(['args', 'VERSION_1_3_0', '__proto__', 'constructor', 'hostname']) + encode(['ready', ''])),
    () =>
      spoil(
        random,
        Buffer.from(encode(['args', 'VERSION_1_3_0', 'hostname']) + encode(['ready', '$1']) + encode(['sync', '1'])),
      ),
    () => Buffer.from('9'.repeat(random.whole(1, 70_000))),
    () => Buffer.alloc(0),
  ])();
  return ({ socket }) => {
    socket.write(said);
    if (random.chance(0.5)) socket.end();
  };
}
