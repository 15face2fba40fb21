/**
 * Gives whoever waits a signal of his own that comes after his time, or when all is to be over. One signal for all, by
 * AbortSignal.any, would keep something of each wait for as long as it lives (measured: 3 kB).
 */
export class Closing {
  readonly #waiting = new Set<AbortController>();
  #reason: Error | undefined;

  get isOver(): boolean {
    return this.#reason !== undefined;
  }

  /** @throws at once when all is over; else what `act` makes of the signal */
  async within<T>(ms: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#reason) throw this.#reason;
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(new Error(`not within ${ms} ms`)), ms).unref();
    this.#waiting.add(waiting);
    try {
      return await act(waiting.signal);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(waiting);
    }
  }

  close(): void {
    this.#reason = new Error('this backend is being stopped');
    for (const waiting of this.#waiting) waiting.abort(this.#reason);
  }
}
