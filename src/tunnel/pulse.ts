import { once } from 'node:events';
import type { WebSocket } from 'ws';
import type { Clock } from '../pool/ports.ts';

/** Asks a browser whether it is there, below the Guacamole protocol: browsers answer WebSocket pings by themselves. */
export class Pulse {
  readonly #browser: WebSocket;
  readonly #clock: Clock;
  #askedAt: number | undefined;
  /** The last round trip; undefined before the first answer. */
  latencyMs: number | undefined;

  constructor(browser: WebSocket, clock: Clock, onLatency: (ms: number) => void) {
    this.#browser = browser;
    this.#clock = clock;
    browser.on('pong', () => {
      if (this.#askedAt === undefined) return;
      this.latencyMs = Math.max(0, clock() - this.#askedAt);
      this.#askedAt = undefined;
      onLatency(this.latencyMs);
    });
  }

  /** Asks, unless the last question is still open: a late answer must not be taken for a quick one. */
  beat(): void {
    if (this.#askedAt !== undefined || this.#browser.readyState !== this.#browser.OPEN) return;
    this.#askedAt = this.#clock();
    this.#browser.ping();
  }

  /** It has lost its network, though nothing has closed its connection. @param everyMs how often it is asked */
  isLost(everyMs: number): boolean {
    return this.#silentMs > 2.5 * everyMs;
  }

  /** How long the last question has been open; nothing while none is. Milliseconds. */
  get #silentMs(): number {
    return this.#askedAt === undefined ? 0 : this.#clock() - this.#askedAt;
  }

  /** Whether it answers within this time. */
  async answers(ms: number): Promise<boolean> {
    const signal = AbortSignal.timeout(ms);
    const answered = once(this.#browser, 'pong', { signal }).then(
      () => true,
      () => false,
    );
    if (this.#browser.readyState === this.#browser.OPEN) this.#browser.ping();
    return answered;
  }
}
