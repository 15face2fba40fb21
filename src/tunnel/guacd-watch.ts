import { once } from 'node:events';
import { connect } from 'node:net';
import { Closing } from '../pool/closing.ts';
import type { Log } from '../pool/ports.ts';
import { encode } from './instruction.ts';
import type { Seen, Shard, Shards } from './shards.ts';

/** Each look leaves two lines in guacd's log; whoever joins or loses a connection asks for one at once. */
const EVERY_MS = 10_000;
/** When the last look got no answer. */
const AGAIN_MS = 500;
const ANSWER_MS = 2_000;
/** Between two looks that were asked for: a whole hall may join at once. */
const HURRY_MS = 1_000;
/** No connection has this id: guacd looks it up and ends the talk, without starting a process for it. */
const NOBODY = encode(['select', '$nobody']);

export interface GuacdWatchPorts {
  readonly shards: Shards;
  readonly log: Log;
  readonly clock: () => number;
  /** This one is out of service. */
  onOut(shard: Shard): void;
  /** Starts a shard's container anew. @throws when there is none that may be restarted, or the engine refuses */
  restart(shard: Shard): Promise<void>;
}

/**
 * Asks every guacd over and over whether it still answers. A port that takes connections shows nothing: the kernel does
 * that for a process which hangs, too.
 */
export class GuacdWatch {
  readonly #ports: GuacdWatchPorts;
  /** The next look at each; none while one is under way. */
  readonly #timers = new Map<Shard, NodeJS.Timeout>();
  readonly #lookedAt = new Map<Shard, number>();
  readonly #closing = new Closing();

  constructor(ports: GuacdWatchPorts) {
    this.#ports = ports;
  }

  /** Looks once at each before it returns. */
  async start(): Promise<void> {
    await Promise.all(this.#ports.shards.all().map((shard) => this.#look(shard)));
  }

  /** Somebody joins there, or lost a connection there: whether it answers matters now. */
  hurry(shard: Shard): void {
    const timer = this.#timers.get(shard);
    if (!timer || this.#ports.clock() - (this.#lookedAt.get(shard) ?? 0) < HURRY_MS) return;
    clearTimeout(timer);
    void this.#look(shard);
  }

  stop(): void {
    this.#closing.close();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  async #look(shard: Shard): Promise<void> {
    const { shards, clock, log, onOut } = this.#ports;
    this.#timers.delete(shard);
    if (this.#closing.isOver) return;
    const seen = await this.#closing.within(ANSWER_MS, (signal) => ask(shard, signal));
    if (this.#closing.isOver) return;
    const turn = shards.note(shard, seen, clock());
    this.#lookedAt.set(shard, clock());
    if (turn === 'out') {
      log.error({ guacd: shard.name }, 'guacd does not answer; others take its desktops');
      onOut(shard);
    }
    if (turn === 'in') log.info({ guacd: shard.name }, 'guacd answers again');
    if (turn === 'restart') await this.#restart(shard);
    if (this.#closing.isOver) return;
    this.#timers.set(
      shard,
      setTimeout(() => void this.#look(shard), shards.isInDoubt(shard) ? AGAIN_MS : EVERY_MS),
    );
  }

  async #restart(shard: Shard): Promise<void> {
    const { log, restart } = this.#ports;
    log.error({ guacd: shard.name }, 'guacd hangs; its container is started anew');
    await restart(shard).catch((error: unknown) =>
      log.error(
        { guacd: shard.name, error: String(error) },
        'guacd hangs and could not be restarted; restart its container',
      ),
    );
  }
}

/** Asks one guacd. Never rises. */
export async function ask(
  { address }: Pick<Shard, 'address'>,
  signal: AbortSignal = AbortSignal.timeout(ANSWER_MS),
): Promise<Seen> {
  const socket = connect({ ...address, noDelay: true });
  try {
    await once(socket, 'connect', { signal });
    socket.write(NOBODY);
    socket.resume();
    await once(socket, 'end', { signal });
    return 'answered';
  } catch {
    return socket.readyState === 'open' ? 'silent' : 'away';
  } finally {
    socket.destroy();
  }
}
