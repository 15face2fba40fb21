/**
 * One at a time per key, in the order of asking. Held in this process only: between processes Docker's unique names
 * decide, this merely spares the engine the losers.
 */
export class Turns {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `act` when every earlier one with this key has ended, and gives back what it gives back. */
  async with<T>(key: string, act: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const run = before.then(act);
    const tail = run.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, tail);
    try {
      return await run;
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
