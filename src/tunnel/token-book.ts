import { createHash } from 'node:crypto';

const MOST_TOKENS = 20_000;

/**
 * Remembers which desktop each token opened first. The contract's token names an address, never expires, and an address
 * can come back: a token that has opened one desktop opens no other.
 */
export class TokenBook {
  readonly #first = new Map<string, string>();

  /** @returns false when this token has opened another desktop before */
  admit(token: string, containerId: string): boolean {
    const digest = createHash('sha256').update(token).digest('base64');
    const first = this.#first.get(digest);
    if (first !== undefined) return first === containerId;
    const oldest = this.#first.size >= MOST_TOKENS ? this.#first.keys().next().value : undefined;
    if (oldest !== undefined) this.#first.delete(oldest);
    this.#first.set(digest, containerId);
    return true;
  }
}
