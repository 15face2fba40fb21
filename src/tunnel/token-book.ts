import { createHash } from 'node:crypto';
import { keepNewest } from '../callers/keep-newest.ts';

const MOST_TOKENS = 20_000;

/** Where the book outlives this process. May be away. */
export interface TokenStore {
  /** Binds a token, by its digest, to a desktop unless it is bound. @returns the desktop that it is bound to */
  bind(digest: string, containerId: string): Promise<string>;
}

/**
 * Remembers which desktop each token opened first. The contract's token names an address, never expires, and an address
 * can come back: a token that has opened one desktop opens no other.
 */
export class TokenBook {
  readonly #store: TokenStore;
  readonly #first = new Map<string, string>();

  constructor(store: TokenStore) {
    this.#store = store;
  }

  /** @returns false when this token has opened another desktop before */
  async admit(token: string, containerId: string): Promise<boolean> {
    const digest = createHash('sha256').update(token).digest('base64url');
    const known = this.#first.get(digest);
    if (known !== undefined) return known === containerId;
    // Without the store this process' memory does: a student must not wait for a cache.
    const bound = await this.#store.bind(digest, containerId).catch(() => containerId);
    const first = this.#first.get(digest) ?? bound;
    this.#first.set(digest, first);
    keepNewest(this.#first, MOST_TOKENS);
    return first === containerId;
  }
}
