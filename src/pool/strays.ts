import type { Clock, Engine, Log, StrayVolume } from './ports.ts';

const LOOK_EVERY_MS = 60_000;
/** A student's work may be on it, and whoever took the desktop away by hand may see that he should not have. */
const GRACE_MS = 3_600_000;

interface StrayPorts {
  readonly engine: Pick<Engine, 'strayVolumes' | 'removeVolume'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Volumes that lost their desktop, and since when; a start of this process begins to count anew. */
export class Strays {
  readonly #ports: StrayPorts;
  #since = new Map<string, { readonly volume: StrayVolume; readonly at: number }>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(ports: StrayPorts) {
    this.#ports = ports;
  }

  /** Something was left over just now. */
  lookSoon(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY;
  }

  /** Those that may go. Never rises: a volume left over is no reason to leave pools empty. */
  async look(): Promise<StrayVolume[]> {
    const { engine, clock, log } = this.#ports;
    const now = clock();
    if (now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now;
      try {
        const volumes = await engine.strayVolumes();
        this.#since = new Map(
          volumes.map((volume) => [volume.name, { volume, at: this.#since.get(volume.name)?.at ?? now }]),
        );
      } catch (error) {
        log.warn({ error: String(error) }, 'volumes left over cannot be listed; trying again later');
      }
    }
    return [...this.#since.values()]
      .filter(({ volume, at }) => volume.isCondemned || now - at >= GRACE_MS)
      .map(({ volume }) => volume);
  }

  /** It has a container again. */
  forget(name: string): void {
    this.#since.delete(name);
  }

  async discard(name: string): Promise<void> {
    this.#since.delete(name);
    await this.#ports.engine.removeVolume(name);
    this.#ports.log.info({ volume: name }, 'volume of a desktop that is gone removed');
  }
}
