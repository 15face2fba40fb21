import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.ts';

interface WaitLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** PostgreSQL may come up after us. After a minute it is likelier a wrong address: end, with what to look at. */
export async function waitForDatabase({ pool }: Database, log: WaitLog, patienceMs = 60_000): Promise<void> {
  const until = performance.now() + patienceMs;
  for (let tries = 0; ; tries++) {
    try {
      await pool.query('select 1');
      if (tries > 0) log.info({}, 'the database answers');
      return;
    } catch (error) {
      const reason = error instanceof Error ? error.message || String(error.cause ?? error.name) : String(error);
      if (performance.now() > until) {
        throw new Error(
          `The database does not answer (${reason}). Check DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME.`,
        );
      }
      if (tries === 0) log.warn({ reason }, 'waiting for the database');
      await sleep(500);
    }
  }
}
