import type { Redis } from 'ioredis';
import { type Desktop, seatOf } from '../desktop/desktop.ts';
import type { Seat } from '../desktop/names.ts';
import { isServing } from '../desktop/rolling.ts';
import type { AskedOf } from '../pool/asked.ts';
import type { Mirror, Session } from '../pool/ports.ts';
import { decodeAsked, encodeAsked } from './asked-text.ts';
import { ASKED_KEY, CURSOR_KEY, POOL_PATTERN, poolKey, proofsKey, SESSION_PATTERN, sessionKey } from './keys.ts';

const PROOFS_KEPT = 20;
const PROOFS_KEPT_SEC = 3 * 24 * 3600;

/** The worker's own Redis: a cache of Docker's truth that others read, and the memory of what was asked. */
export class RedisMirror implements Mirror {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async saveSession(seat: Seat, session: Session): Promise<void> {
    await this.#redis.set(sessionKey(seat), JSON.stringify(session));
  }

  async removeSession(seat: Seat): Promise<void> {
    await this.#redis.del(sessionKey(seat));
  }

  async poolJoined(examId: number, name: string): Promise<void> {
    await this.#redis.sadd(poolKey(examId), name);
  }

  async poolLeft(examId: number, name: string): Promise<void> {
    await this.#redis.srem(poolKey(examId), name);
  }

  async rewrite(desktops: readonly Desktop[]): Promise<void> {
    const known = new Set([...(await this.#scan(SESSION_PATTERN)), ...(await this.#scan(POOL_PATTERN))]);
    const change = this.#redis.multi();
    for (const key of known) if (key.startsWith('vdi:pool:')) change.del(key);
    for (const desktop of desktops) {
      const seat = seatOf(desktop);
      if (isServing(desktop)) change.sadd(poolKey(desktop.labels.examId), desktop.name);
      if (!seat) continue;
      known.delete(sessionKey(seat));
      // NX: a session that Redis still knows keeps its own time and source.
      const session: Session = {
        containerName: desktop.name,
        allocatedAt: new Date(desktop.createdAt).toISOString(),
        source: 'adopted',
      };
      change.set(sessionKey(seat), JSON.stringify(session), 'NX');
    }
    for (const key of known) if (key.startsWith('vdi:session:')) change.del(key);
    await change.exec();
  }

  async saveAsked(asked: AskedOf): Promise<void> {
    await this.#redis.set(ASKED_KEY, encodeAsked(asked));
  }

  async loadAsked(): Promise<AskedOf | undefined> {
    const saved = await this.#redis.get(ASKED_KEY);
    return saved === null ? undefined : decodeAsked(saved);
  }

  async saveProof(desktopId: string, record: string): Promise<void> {
    const key = proofsKey(desktopId);
    const change = this.#redis
      .multi()
      .lpush(key, record)
      .ltrim(key, 0, PROOFS_KEPT - 1);
    await change.expire(key, PROOFS_KEPT_SEC).exec();
  }

  async saveCursor(address: string): Promise<void> {
    await this.#redis.set(CURSOR_KEY, address);
  }

  async loadCursor(): Promise<string | undefined> {
    return (await this.#redis.get(CURSOR_KEY)) ?? undefined;
  }

  async #scan(pattern: string): Promise<string[]> {
    const found: string[] = [];
    for await (const keys of this.#redis.scanStream({ match: pattern, count: 200 })) found.push(...(keys as string[]));
    return found;
  }
}
