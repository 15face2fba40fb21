import { readCertificates } from './certificates.ts';
import type { WorkerSettings } from './config.ts';
import type { Log } from './pool/ports.ts';
import { type Database, type DatabaseAddress, openDatabase } from './postgres/database.ts';

/** In the operator's words. */
export const NO_DATABASE = 'no central database is set (DB_HOST)';
const CONNECTIONS = 2;
const QUERY_MS = 10_000;

/** The school's central database, as this worker reaches it. Nothing is connected before it is asked. */
export interface Central {
  readonly address: DatabaseAddress;
  readonly database: Database;
}

/** @returns undefined where none is set */
export function openCentral({ code, history }: WorkerSettings, log: Log): Central | undefined {
  const { database: login, tls, caFile } = history;
  if (!login) return undefined;
  const ca = readCertificates('DB_CA_FILE', caFile);
  const address = tls ? { ...login, ssl: ca === '' ? {} : { ca } } : login;
  const use = { name: `vdi-worker ${code}`, connections: CONNECTIONS, queryMs: QUERY_MS };
  const database = openDatabase(address, use, (error) =>
    log.warn({ error: error.message }, 'an idle database connection broke'),
  );
  return { address, database };
}
