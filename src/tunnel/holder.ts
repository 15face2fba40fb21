import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Desktop } from '../desktop/desktop.ts';
import { Closing } from '../pool/closing.ts';
import { Pace } from '../pool/pace.ts';
import type { Log } from '../pool/ports.ts';
import { type GuacdAddress, type GuacdConnection, GuacdRefused, openGuacd, type Screen } from './guacd.ts';
import { encode } from './instruction.ts';
import { ATTACH_MS, Patience } from './patience.ts';
import type { TunnelPolicy } from './policy.ts';
import { rdpSettings } from './rdp-settings.ts';
import type { Shard, Shards } from './shards.ts';

/** guacd ends a user who says nothing for 15 s. It tells nobody that xrdp has gone: each finds out when he next says something. */
const NOP_MS = 1_000;
/**
 * guacd says `nop` every 5 s to whoever is in a connection. When the process of one connection dies, it says nothing any
 * more, and no end comes either: guacd's later processes are copies of the one that listens, and keep our socket open.
 */
const SILENT_NOPS = 12;
/** While the desktop's own programs start beside it on a busy host, a login takes longer, and nobody waits for it yet. */
const EARLY_ATTACH_MS = 15_000;
/** After a crash of guacd every desktop is attached again: all at once each would only take longer. */
const ATTACH_WIDTH = 8;
/** Either ends a connection for all who are in it. */
const GOODBYES = [encode(['disconnect']), '5.error,'];
const LONGEST_GOODBYE = Math.max(...GOODBYES.map((words) => words.length));
/** Until a student joins with his own window; then the desktop takes that size. */
const FIRST_SCREEN: Screen = { width: 1280, height: 800, dpi: 96 };

interface Held {
  readonly id: string;
  readonly shard: Shard;
  readonly socket: Socket;
  readonly over: AbortSignal;
}

/** A connection held to a desktop, as a join finds it. */
export interface HeldConnection {
  readonly id: string;
  readonly guacd: GuacdAddress;
  /** Aborted when it is held no longer: guacd draws nothing for those who are still in it. */
  readonly over: AbortSignal;
}

export interface HolderPorts {
  readonly shards: Shards;
  readonly username: string;
  readonly policy: TunnelPolicy;
  readonly log: Log;
  /** The desktop's own RDP password. */
  password(containerId: string): Promise<string>;
  /** Somebody joins what this one holds, or it lost what it held. */
  onDoubt(shard: Shard): void;
  /** A held connection broke without `drop`. */
  onLost(containerId: string): void;
}

/**
 * Holds one guacd connection to each desktop, so that a student's join only attaches to what is already painted.
 * guacd ends a connection with its last user: while we stay in it, a refresh or a lost network is another join.
 */
export class GuacdHolder {
  readonly #ports: HolderPorts;
  readonly #held = new Map<string, Held>();
  readonly #opening = new Map<string, Promise<Held>>();
  readonly #asking = new Map<AbortController, Shard>();
  readonly #pace = new Pace(ATTACH_WIDTH);
  readonly #patience = new Patience();
  readonly #closing = new Closing();

  constructor(ports: HolderPorts) {
    this.#ports = ports;
  }

  /** Opens the connection if it is not open or being opened. @throws when guacd or the desktop does not answer */
  async hold(desktop: Pick<Desktop, 'containerId' | 'ip'>, isEarly = false): Promise<void> {
    await this.#open(desktop, isEarly ? EARLY_ATTACH_MS : ATTACH_MS);
  }

  /** What a join selects, and at which guacd; opens the connection first when it broke. */
  async connection(desktop: Pick<Desktop, 'containerId' | 'ip'>): Promise<HeldConnection> {
    const { id, shard, over } = await this.#open(desktop, ATTACH_MS);
    this.#ports.onDoubt(shard);
    return { id, guacd: shard.address, over };
  }

  /** Ends the connection. Its joins end with it only when they are closed too: guacd keeps a connection for its last user. */
  drop(containerId: string): void {
    this.#patience.forget(containerId);
    const held = this.#held.get(containerId);
    this.#held.delete(containerId);
    if (!held) return;
    held.socket.end(encode(['disconnect']));
    // guacd may be busy for minutes saying goodbye to a desktop that is gone: not waited for.
    held.socket.destroySoon();
  }

  /** This guacd does not answer: what still waits for it begins anew at another. */
  leave(shard: Shard): void {
    for (const [leaving, asked] of this.#asking)
      if (asked === shard) leaving.abort(new GuacdRefused(`${shard.name} does not answer`));
  }

  /** guacd does not know this connection any more: the next `connection` opens another. */
  lose(containerId: string, id: string): void {
    const held = this.#held.get(containerId);
    if (held?.id === id) held.socket.destroy();
  }

  /** Ends all that it holds, and what is being opened. */
  close(): void {
    this.#closing.close();
    for (const { socket } of this.#held.values()) socket.destroy();
    this.#held.clear();
  }

  #open(desktop: Pick<Desktop, 'containerId' | 'ip'>, patienceMs: number): Promise<Held> {
    const { containerId } = desktop;
    const held = this.#held.get(containerId);
    if (held && this.#ports.shards.serves(held.shard)) return Promise.resolve(held);
    // Its guacd lets nobody join any more, and another would: begun anew there.
    if (held) this.drop(containerId);
    const under = this.#opening.get(containerId);
    if (under !== undefined) return under;
    const opening = this.#pace
      .with(() => this.#attachPatiently(desktop, patienceMs))
      .finally(() => this.#opening.delete(containerId));
    this.#opening.set(containerId, opening);
    return opening;
  }

  async #openAt(shard: Shard, settings: Record<string, string>, signal: AbortSignal): Promise<GuacdConnection> {
    const leaving = new AbortController();
    this.#asking.set(leaving, shard);
    try {
      const either = AbortSignal.any([signal, leaving.signal]);
      return await openGuacd(shard.address, 'rdp', settings, FIRST_SCREEN, either);
    } finally {
      this.#asking.delete(leaving);
    }
  }

  async #attachPatiently(desktop: Pick<Desktop, 'containerId' | 'ip'>, leastMs: number): Promise<Held> {
    const { containerId } = desktop;
    const ms = this.#patience.of(containerId, leastMs);
    let signal: AbortSignal | undefined;
    try {
      const held = await this.#closing.within(ms, (given) => {
        signal = given;
        return this.#attach(desktop, given);
      });
      this.#patience.forget(containerId);
      return held;
    } catch (error) {
      if (signal?.aborted) this.#patience.ranOut(containerId, ms);
      throw error;
    }
  }

  async #attach({ containerId, ip }: Pick<Desktop, 'containerId' | 'ip'>, signal: AbortSignal): Promise<Held> {
    const { shards, username, policy, log } = this.#ports;
    const password = await this.#ports.password(containerId);
    const settings = rdpSettings({ hostname: ip, username, password }, policy);
    const shard = shards.take();
    const { socket, id, rest, take } = await this.#openAt(shard, settings, signal).catch((error: unknown) => {
      shards.give(shard);
      throw error;
    });
    const nop = setInterval(() => socket.write(encode(['nop'])), NOP_MS);
    socket.once('close', () => {
      clearInterval(nop);
      shards.give(shard);
    });
    try {
      await firstFrame(socket, rest, signal);
      signal.throwIfAborted();
    } catch (error) {
      socket.destroy();
      throw error;
    }
    const over = new AbortController();
    const held = { id, shard, socket, over: over.signal };
    this.#held.set(containerId, held);
    const hearGoodbye = endAtGoodbye(socket);
    const hear = endAtSilence(socket);
    take((bytes) => {
      hear();
      hearGoodbye(bytes);
    });
    socket.once('close', () => {
      over.abort();
      if (this.#held.get(containerId) !== held) return;
      this.#held.delete(containerId);
      log.warn({ containerId: containerId.slice(0, 12) }, 'held guacd connection broke');
      this.#ports.onDoubt(shard);
      this.#ports.onLost(containerId);
    });
    return held;
  }
}

/**
 * What guacd draws for us is thrown away: only its joins are looked at. Its goodbye is heeded at once, because it goes on
 * taking joins for seconds after the desktop's end has broken, draws nothing for them, and lets go of none before its
 * users have been silent for 15 s.
 * @returns what takes each read; nothing of it is kept but a few bytes of its end
 */
export function endAtGoodbye(socket: Socket): (chunk: Buffer) => void {
  let border: Buffer = Buffer.alloc(0);
  return (chunk) => {
    border = Buffer.concat([border, chunk.subarray(0, LONGEST_GOODBYE)]);
    if (GOODBYES.some((words) => border.includes(words) || chunk.includes(words))) socket.destroy();
    border = Buffer.from((chunk.length < LONGEST_GOODBYE ? border : chunk).subarray(-LONGEST_GOODBYE));
  };
}

/**
 * Counted, not measured: while this process itself stands still, nothing can be heard.
 * @returns what is called at each read
 */
export function endAtSilence(socket: Socket): () => void {
  let silent = 0;
  const counting = setInterval(() => ++silent > SILENT_NOPS && socket.destroy(), NOP_MS);
  socket.once('close', () => clearInterval(counting));
  return () => {
    silent = 0;
  };
}

/**
 * Waits until the desktop is painted. guacd calls a connection ready before it has logged in, so only the end of a first
 * frame shows that a join will find something. Marks cannot be mistaken for payload: base64 has no dot.
 * @throws GuacdRefused when the login failed
 */
async function firstFrame(socket: Socket, rest: Buffer, signal: AbortSignal): Promise<void> {
  let seen = rest.toString('latin1');
  const ended = once(socket, 'close', { signal }).then(
    () => {
      throw new GuacdRefused('the desktop did not let us in');
    },
    () => {
      throw new GuacdRefused('the desktop was not painted in time');
    },
  );
  const painted = new Promise<void>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      seen = seen.slice(-16) + chunk.toString('latin1');
      if (!/4\.sync,|5\.error,/.test(seen)) return;
      socket.off('data', look);
      if (seen.includes('5.error,')) reject(new GuacdRefused('the desktop refused the login'));
      else resolve();
    };
    socket.on('data', look);
  });
  await Promise.race([painted, ended]);
}
