import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import type { DatabaseAddress } from './database.ts';

/** A program's own tables: where its migrations are, and where it is remembered which of them were applied. */
export interface Migrations {
  readonly directory: URL;
  readonly schema: string;
  readonly table: string;
}

export const CONTROL_PLANE_TABLES: Migrations = {
  directory: new URL('../control-plane/migrations', import.meta.url),
  schema: 'public',
  table: 'control_plane_migrations',
};

export const LEDGER_TABLES: Migrations = {
  directory: new URL('./ledger-migrations', import.meta.url),
  schema: 'vdi_worker',
  table: 'migrations',
};

/**
 * Brings the database up to this version; several processes at once wait for each other. Returns what was applied.
 * @param limits of the connection that it is done over
 */
export async function migrate(
  address: DatabaseAddress,
  { directory, schema, table }: Migrations,
  onError: (reason: string) => void,
  limits: { connectionTimeoutMillis?: number; query_timeout?: number } = {},
): Promise<string[]> {
  const applied = await runner({
    databaseUrl: { ...address, ...limits },
    dir: fileURLToPath(directory),
    migrationsTable: table,
    migrationsSchema: schema,
    direction: 'up',
    advisoryLockMode: 'wait',
    // The runner tells of each statement; what was applied is logged once, by the caller.
    logger: { info: () => {}, warn: () => {}, error: onError },
  });
  return applied.map(({ name }) => name);
}
