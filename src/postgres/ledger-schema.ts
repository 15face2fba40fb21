import type { Database, DatabaseAddress } from './database.ts';
import { LEDGER_TABLES, migrate } from './migrate.ts';

const LIMITS = { connectionTimeoutMillis: 5_000, query_timeout: 60_000 };
const UNIQUE_VIOLATION = '23505';
const INSUFFICIENT_PRIVILEGE = '42501';

/** Makes or brings up to date the schema `vdi_worker`; safe for many workers at once. */
export async function prepareLedger(address: DatabaseAddress, { pool }: Database): Promise<void> {
  // Looked for first: "create … if not exists" needs the right to create even where there is nothing to create.
  const { rows } = await pool.query<{ there: boolean }>(`select to_regnamespace('vdi_worker') is not null as there`);
  if (!rows[0]?.there) await pool.query('create schema if not exists vdi_worker').catch(explain(address));
  let reason: string | undefined;
  const note = (said: string): void => {
    reason ??= said;
  };
  await migrate(address, LEDGER_TABLES, note, LIMITS).catch((error: unknown) => {
    if (error instanceof Error) throw error;
    throw new Error(`migration failed: ${reason ?? error}`);
  });
}

function explain({ user, database }: DatabaseAddress): (error: unknown) => void {
  return (error) => {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    // Another worker made it at the same moment.
    if (code === UNIQUE_VIOLATION) return;
    if (code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new Error(
      `${user} may not make a schema; as the owner of the database run: create schema vdi_worker authorization "${user}"; in ${database}`,
    );
  };
}
