import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Seat } from '../desktop/names.ts';
import type { SessionRecord } from '../desktop/session-record.ts';
import { sessionRecordKey } from './keys.ts';

/** What nobody released goes by itself some time. */
const KEPT_SEC = 7 * 24 * 3600;

const time = z.iso.datetime().transform((text) => Date.parse(text));
const count = z.int().min(0);
const Written = z.object({
  allocation: z.string().min(1),
  beganAt: time,
  connected: z.boolean(),
  lastSeenAt: time.optional(),
  tunnels: count,
  bytesToBrowser: count,
  bytesToDesktop: count,
  latencyMs: z.number().optional(),
});

/** Session records in the worker's Redis: the memory of its next start, and for others to read. */
export class SessionRecords {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async load(seat: Seat): Promise<SessionRecord | undefined> {
    const text = await this.#redis.get(sessionRecordKey(seat));
    return text === null ? undefined : decodeRecord(text);
  }

  async save(seat: Seat, record: SessionRecord): Promise<void> {
    await this.#redis.set(sessionRecordKey(seat), encodeRecord(record), 'EX', KEPT_SEC);
  }

  async remove(seat: Seat): Promise<void> {
    await this.#redis.del(sessionRecordKey(seat));
  }
}

/** Times as others read them. */
export function encodeRecord({ beganAt, lastSeenAt, ...rest }: SessionRecord): string {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return JSON.stringify({
    ...rest,
    beganAt: iso(beganAt),
    ...(lastSeenAt === undefined ? {} : { lastSeenAt: iso(lastSeenAt) }),
  });
}

/** @returns undefined for a text that is not ours: as if nothing were remembered */
export function decodeRecord(text: string): SessionRecord | undefined {
  try {
    return Written.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
