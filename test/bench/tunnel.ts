import { setTimeout as pause } from 'node:timers/promises';
import type { Ground, Measured } from './ground.ts';
import { record } from './recording.ts';
import { microseconds } from './tunnel-frames.ts';
import { COUNTS, judge, KINDS, type Kind, type Play, STALLED, TICKS, type Tick } from './tunnel-judge.ts';
import { Role } from './tunnel-process.ts';

const ROUNDS = 5;
const VOLUME = 64 * 2 ** 20;
const MB = 2 ** 20;

interface Server {
  readonly role: Role;
  readonly port: number;
}

/** This tunnel, guacamole-lite and a plain pipe: each in a process of its own, between the same scripted guacd and the same browsers. */
export async function measure(ground: Ground): Promise<Measured> {
  const recording = await record(ground);
  const peer = await Role.start(ground, 'peer');
  await peer.call('record', { base64: recording.bytes.toString('base64') });
  const peerPort: number = await peer.call('port');
  const browsers = await Role.start(ground, 'browsers');
  const servers = new Map<Kind, Server>();
  for (const kind of KINDS) {
    const role = await Role.start(ground, kind, peerPort);
    servers.set(kind, { role, port: await role.call('port') });
  }
  const bench = new TunnelBench(peer, peerPort, browsers, recording.bytes.length);
  const plays = new Map<string, Play[]>();
  // Round 0 is for the compilers and counts for nothing.
  for (let round = 0; round <= ROUNDS; round++)
    for (const count of COUNTS)
      for (const [kind, server] of servers) {
        const play = await bench.play(server, count);
        if (round > 0) plays.set(`${kind}, ${count}`, [...(plays.get(`${kind}, ${count}`) ?? []), play]);
      }
  ground.say(`${ROUNDS} rounds played`);
  const ages = new Map<string, number[][]>();
  for (const [count, tick] of TICKS) {
    for (let round = 0; round < tick.rounds; round++)
      for (const [kind, server] of [['direct', undefined] as const, ...servers]) {
        const key = `${kind}, ${count}`;
        ages.set(key, [...(ages.get(key) ?? []), await bench.tick(server, count, tick)]);
      }
    ground.say(`${count} connections ticked`);
  }
  ground.say(`one browser stalls for ${STALLED.seconds} s in each of the two`);
  const growth = await bench.stall(['own tunnel', 'guacamole-lite'], servers);
  return judge(recording, plays, ages, growth);
}

class TunnelBench {
  readonly #peer: Role;
  readonly #peerPort: number;
  readonly #browsers: Role;
  readonly #length: number;

  constructor(peer: Role, peerPort: number, browsers: Role, length: number) {
    this.#peer = peer;
    this.#peerPort = peerPort;
    this.#browsers = browsers;
    this.#length = length;
  }

  async play({ role, port }: Server, count: number): Promise<Play> {
    await this.#browsers.call('open', { port, count });
    await this.#browsers.call('begin');
    // Whole recordings: a tunnel may keep back the start of an instruction that never ends.
    const times = Math.ceil(VOLUME / count / this.#length);
    const before = await role.call('usage');
    const began = microseconds();
    const received = this.#browsers.call('received', { bytes: times * count * this.#length });
    await this.#peer.call('play', { times });
    const { endMicroseconds, messages, bytes } = await received;
    const after = await role.call('usage');
    await this.#close();
    const seconds = (endMicroseconds - began) / 1e6;
    return {
      mbPerSecond: bytes / MB / seconds,
      messagesPerSecond: messages / seconds,
      cpuSecondsPerGb: ((after.cpuSeconds - before.cpuSeconds) / bytes) * 2 ** 30,
    };
  }

  /** @returns how old small frames were when a browser had them, ms; without a server the peer is asked directly */
  async tick(server: Server | undefined, count: number, { everyMs, times }: Tick): Promise<number[]> {
    if (server) await this.#browsers.call('open', { port: server.port, count });
    else await this.#browsers.call('openDirect', { port: this.#peerPort, count });
    await this.#peer.call('tick', { everyMs, times: 5 });
    await this.#browsers.call('begin');
    await this.#peer.call('tick', { everyMs, times });
    await pause(500);
    const ages: number[] = await this.#browsers.call('ages');
    await this.#close();
    if (ages.length < count * times * 0.99) throw new Error(`only ${ages.length} of ${count * times} frames came`);
    return ages;
  }

  /** @returns by how many MB each server had grown at each look, while a browser of each read nothing */
  async stall(kinds: readonly Kind[], servers: ReadonlyMap<Kind, Server>): Promise<Map<Kind, number[]>> {
    const rss = async (kind: Kind): Promise<number> => (await servers.get(kind)?.role.call('usage'))?.rssMb;
    const before = new Map(await Promise.all(kinds.map(async (kind) => [kind, await rss(kind)] as const)));
    for (const kind of kinds) await this.#browsers.call('openStalled', { port: servers.get(kind)?.port });
    const flowing = this.#peer.call('flow', STALLED);
    const growth = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
    for (let at = 0; at < STALLED.seconds; at += STALLED.lookSeconds) {
      await pause(STALLED.lookSeconds * 1000);
      for (const kind of kinds) growth.get(kind)?.push((await rss(kind)) - (before.get(kind) ?? 0));
    }
    await flowing;
    await this.#close();
    return growth;
  }

  async #close(): Promise<void> {
    await this.#browsers.call('close');
    while ((await this.#peer.call('connected')) > 0) await pause(20);
  }
}
