import { createHash } from 'node:crypto';
import pg from 'pg';

// int8 (a dispatch's id) comes as text by default; ours stay far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** TLS, with the certificates to trust where the system's do not do. */
  readonly ssl?: { readonly ca?: string };
}

/** How one of our programs uses the database. */
export interface DatabaseUse {
  readonly name: string;
  readonly connections: number;
  /** Longest that one query may take; without it, as long as PostgreSQL allows. */
  readonly queryMs?: number;
  /** How long a transaction, or who holds a lock, may stand still. */
  readonly stillMs?: { readonly transaction: number; readonly lock: number };
}

/**
 * A process that is stopped, or whose host has lost its power, ends no connection: PostgreSQL would keep its locks for hours, and nobody
 * could be placed. Transactions wait for nobody but the database; under a lock workers are asked, each for seconds.
 */
const STILL_MS = { transaction: 10_000, lock: 300_000 };

export type Queryable = Pick<pg.Pool, 'query'>;

export interface Database {
  readonly pool: pg.Pool;
  inTransaction<T>(run: (client: Queryable) => Promise<T>): Promise<T>;
  /** Runs alone over every process that uses this database. */
  withLock<T>(name: string, run: () => Promise<T>): Promise<T>;
  answers(): Promise<boolean>;
  close(): Promise<void>;
}

export function openDatabase(
  address: DatabaseAddress,
  { name, connections, queryMs, stillMs = STILL_MS }: DatabaseUse,
  onIdleError: (error: Error) => void,
): Database {
  const pool = new pg.Pool({
    ...address,
    max: connections,
    connectionTimeoutMillis: 5_000,
    application_name: name,
    // Asked of the driver, not of the server: a pooler before the database refuses settings that it does not know.
    ...(queryMs === undefined ? {} : { query_timeout: queryMs }),
    keepAlive: true,
  });
  // Locks wait here, so that waiting for one never takes the connections that its holder's work needs.
  const locks = new pg.Pool({ ...address, max: 5, application_name: `${name}-locks` });
  // Without a listener an idle connection that PostgreSQL closes would end the process.
  pool.on('error', onIdleError);
  locks.on('error', onIdleError);

  return {
    pool,
    async inTransaction(run) {
      const client = await lent(pool);
      let broken: Error | undefined;
      try {
        await client.query(`begin; set local idle_in_transaction_session_timeout = ${stillMs.transaction}`);
        const result = await run(client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch((failed: Error) => {
          broken = failed;
        });
        throw error;
      } finally {
        client.release(broken);
      }
    },
    async withLock(name, run) {
      const client = await lent(locks);
      let broken: Error | undefined;
      try {
        // Older ones than 14 do not have it.
        await client.query(`select set_config(name, $1, false) from pg_settings where name = 'idle_session_timeout'`, [
          String(stillMs.lock),
        ]);
        await client.query('select pg_advisory_lock($1)', [lockKey(name)]);
        return await run();
      } finally {
        // A connection that cannot unlock is closed: PostgreSQL drops its locks with it.
        await client.query('select pg_advisory_unlock($1)', [lockKey(name)]).catch((failed: Error) => {
          broken = failed;
        });
        client.release(broken);
      }
    },
    answers: () =>
      pool.query('select 1').then(
        () => true,
        () => false,
      ),
    close: async () => {
      await Promise.all([pool.end(), locks.end()]);
    },
  };
}

/**
 * While a connection is lent nobody but its borrower hears that it broke, and an error that nobody hears would end the
 * process. Its queries fail of themselves, and who lent it gives it back as broken.
 */
async function lent(pool: pg.Pool): Promise<pg.PoolClient> {
  const client = await pool.connect();
  if (!client.listeners('error').includes(heard)) client.on('error', heard);
  return client;
}

const heard = (): void => undefined;

/** Advisory locks are 64-bit numbers; ours have names. */
export function lockKey(name: string): string {
  return createHash('sha256').update(`vdi-control-plane:${name}`).digest().readBigInt64BE(0).toString();
}
