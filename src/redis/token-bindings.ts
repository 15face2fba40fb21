import type { Redis } from 'ioredis';
import { tokenKey } from './keys.ts';

/** Longer than any exam; a token that is older meets another desktop after a round of addresses only. */
const KEPT_SEC = 24 * 3600;

/** Which desktop each of the contract's tokens opened first, in the worker's Redis: the memory of its next start. */
export class TokenBindings {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async bind(digest: string, containerId: string): Promise<string> {
    return (await this.#redis.set(tokenKey(digest), containerId, 'EX', KEPT_SEC, 'NX', 'GET')) ?? containerId;
  }
}
