import type { RunStore } from '../control-plane/ports.ts';
import type { ReconcileRun } from '../control-plane/reconcile.ts';
import type { Queryable } from './database.ts';

/** Enough to look back over a day of the timer. */
const KEPT = 1500;

export function runStore(db: Queryable): RunStore {
  return {
    async last() {
      const { rows } = await db.query<{ at: Date; outcome: Omit<ReconcileRun, 'at'> }>(
        'select at, outcome from reconcile_runs order by id desc limit 1',
      );
      return rows[0] && { at: rows[0].at, ...rows[0].outcome };
    },
    async put({ at, ...outcome }) {
      await db.query(
        `with put as (insert into reconcile_runs (at, outcome) values ($1, $2) returning id)
         delete from reconcile_runs using put where reconcile_runs.id <= put.id - $3`,
        [at, JSON.stringify(outcome), KEPT],
      );
    },
  };
}
