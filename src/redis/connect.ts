import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Log } from '../pool/ports.ts';

const COMMAND_MS = 500;
const GOODBYE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
const FIRST_CONNECT_MS = 2_000;

/**
 * A connection that never makes a caller wait: while Redis is away every command rises at once, and it is connected
 * again in the background.
 * @param onReady called at each (re)connect
 */
export function connectRedis(url: string, log: Log, onReady: () => void): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
    // At the end: a timer of this length goes on even where the connection is gone already.
    disconnectTimeout: GOODBYE_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, LONGEST_PAUSE_MS),
  });
  let away = false;
  redis.on('ready', () => {
    if (away) log.info({}, 'Redis is back');
    away = false;
    onReady();
  });
  redis.on('error', (error: Error) => {
    if (!away) log.warn({ error: error.message }, 'Redis does not answer; going on without the cache');
    away = true;
  });
  return redis;
}

/** Waits for the first connection, but not for long: the worker serves without its cache too. */
export async function firstConnect(redis: Redis): Promise<void> {
  await once(redis, 'ready', { signal: AbortSignal.timeout(FIRST_CONNECT_MS) }).catch(() => undefined);
}
