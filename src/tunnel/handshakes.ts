import { networkOf } from '../callers/address.ts';

export interface HandshakeLimits {
  readonly inAll: number;
  readonly perAddress: number;
}

/** Tunnels that were asked for and are neither open nor refused yet. */
export class Handshakes {
  readonly #limits: HandshakeLimits;
  readonly #perAddress = new Map<string, number>();
  #inAll = 0;

  constructor(limits: HandshakeLimits) {
    this.#limits = limits;
  }

  /** Counts one more. @returns what counts it out again; undefined when there are too many */
  enter(address: string): (() => void) | undefined {
    const network = networkOf(address);
    const here = this.#perAddress.get(network) ?? 0;
    if (this.#inAll >= this.#limits.inAll || here >= this.#limits.perAddress) return undefined;
    this.#inAll++;
    this.#perAddress.set(network, here + 1);
    return () => {
      this.#inAll--;
      const left = (this.#perAddress.get(network) ?? 1) - 1;
      if (left > 0) this.#perAddress.set(network, left);
      else this.#perAddress.delete(network);
    };
  }
}
