import { EngineDown } from '../pool/ports.ts';

/** Calls in a row that nobody answered before calls are spared. */
const PATIENCE = 3;
const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 4_000;
/** Somebody who tries is given so long before another may. */
const TRY_MS = 5_000;
/** A blip is worth another try at once; who waited longer than this for nothing has waited enough. */
const BLIP_MS = 1_000;
const TRIES = 3;

export interface EngineState {
  readonly answers: boolean;
  /** Calls in a row that were not answered. */
  readonly failures: number;
  /** Until the next one may try. */
  readonly retryInMs: number;
}

export interface BreakerParts {
  clock(): number;
  sleep(ms: number): Promise<void>;
  /** From 0 up to 1, so that many workers or callers do not come back in step. */
  random(): number;
}

/**
 * Spares an engine that does not answer, and its callers the wait: after a few calls in a row that nobody answered the
 * next rise at once, until one that is let through every few seconds is answered.
 */
export class Breaker {
  readonly #parts: BreakerParts;
  #failures = 0;
  #restUntil = 0;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
  }

  get state(): EngineState {
    const answers = this.#failures < PATIENCE;
    return { answers, failures: this.#failures, retryInMs: answers ? 0 : this.#leftMs() };
  }

  /** The engine was heard. */
  heard(): void {
    this.#failures = 0;
    this.#restUntil = 0;
  }

  /** @throws EngineDown at once while the engine is being spared */
  async ask<T>(call: () => Promise<T>): Promise<T> {
    this.#enter();
    try {
      const answer = await call();
      this.heard();
      return answer;
    } catch (error) {
      // An answer that says no is an answer.
      if (error instanceof EngineDown) this.#unheard();
      else this.heard();
      throw error;
    }
  }

  /** `ask` for a call that may be made twice: a connection that was cut is tried again after a moment. */
  async askAgain<T>(call: () => Promise<T>): Promise<T> {
    const { clock, sleep, random } = this.#parts;
    for (let tries = 1; ; tries++) {
      const began = clock();
      try {
        return await this.ask(call);
      } catch (error) {
        const isBlip = error instanceof EngineDown && this.state.answers && clock() - began < BLIP_MS;
        if (!isBlip || tries >= TRIES) throw error;
        await sleep(50 * 2 ** tries * (0.5 + random()));
      }
    }
  }

  #enter(): void {
    if (this.#failures < PATIENCE) return;
    const leftMs = this.#leftMs();
    if (leftMs > 0)
      throw new EngineDown(`container engine does not answer; trying again in ${Math.ceil(leftMs / 1000)} s`);
    this.#restUntil = this.#parts.clock() + TRY_MS;
  }

  #unheard(): void {
    this.#failures++;
    if (this.#failures < PATIENCE) return;
    const rest = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (this.#failures - PATIENCE));
    this.#restUntil = this.#parts.clock() + rest * (0.75 + this.#parts.random() / 2);
  }

  #leftMs(): number {
    return Math.max(0, Math.round(this.#restUntil - this.#parts.clock()));
  }
}
