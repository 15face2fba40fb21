import type { DrainTable } from '../pool/ports.ts';
import type { Database } from './database.ts';

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';
const INSUFFICIENT_PRIVILEGE = '42501';

/** The control-plane's table of workers (contract, section 2): read, never written. */
export function drainTable(code: string, user: string, { pool }: Pick<Database, 'pool'>): DrainTable {
  return {
    async isDraining() {
      const found = await pool
        .query<{ draining: boolean | null }>(
          `select "isDraining"::boolean as draining from worker_nodes where code = $1`,
          [code],
        )
        .catch((error: unknown) => {
          throw explained(error, user);
        });
      return found.rows[0]?.draining ?? undefined;
    },
  };
}

function explained(error: unknown, user: string): unknown {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  if (code === UNDEFINED_TABLE || code === UNDEFINED_COLUMN)
    return new Error('this database has no table worker_nodes with a column "isDraining"', { cause: error });
  if (code === INSUFFICIENT_PRIVILEGE)
    return new Error(`${user} may not read it; its owner can run: grant select on worker_nodes to "${user}"`, {
      cause: error,
    });
  return error;
}
