import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import type { DatabaseAddress } from './database.ts';

const MIGRATIONS = fileURLToPath(new URL('../control-plane/migrations', import.meta.url));

/** Brings the database up to this version; several processes at once wait for each other. Returns what was applied. */
export async function migrate(address: DatabaseAddress, onError: (reason: string) => void): Promise<string[]> {
  const applied = await runner({
    databaseUrl: { ...address },
    dir: MIGRATIONS,
    migrationsTable: 'control_plane_migrations',
    direction: 'up',
    advisoryLockMode: 'wait',
    // The runner tells of each statement; what was applied is logged once, by the caller.
    logger: { info: () => {}, warn: () => {}, error: onError },
  });
  return applied.map(({ name }) => name);
}
