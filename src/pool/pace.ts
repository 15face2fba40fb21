/**
 * At most `width` at a time, the rest wait in line. More creates at once do not come up sooner, each only takes longer
 * (measured: 20 at once 2.1 s per call, 4 at once 0.65 s).
 */
export class Pace {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(width: number) {
    this.#free = width;
  }

  async with<T>(act: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
