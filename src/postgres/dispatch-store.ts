import type { Affinity, Dispatch, RunningSession, Seat } from '../control-plane/dispatch.ts';
import type { DispatchStore } from '../control-plane/ports.ts';
import type { Database, Queryable } from './database.ts';
import { allWorkers, whilePlacing } from './worker-store.ts';

const COLUMNS =
  'id, "userId", "examId", "workerCode", state, ip, "containerId", "createdAt", "lastJoinedAt", "movedFrom", "movedAt"';

export function dispatchStore({ pool, inTransaction }: Database): DispatchStore {
  return {
    reserve: (seat, decide, stamps) =>
      inTransaction(async (db) => {
        await whilePlacing(db);
        const placement = decide({
          existing: await find(db, seat),
          workers: await allWorkers(db),
          affinity: await affinityOf(db, seat.examId),
        });
        switch (placement.kind) {
          case 'stay':
            return {
              kind: 'reserved',
              dispatch: await touch(db, placement.dispatch, stamps.now),
              moved: false,
            };
          case 'seat':
            await keepAffinity(db, seat.examId, placement.workerCode, stamps);
            return {
              kind: 'reserved',
              dispatch: await put(db, seat, placement.workerCode, stamps.now),
              moved: placement.moved,
            };
          case 'full':
            // A reservation that found no worker must not hold the slot it was given.
            await giveUp(db, '"userId" = $1 and "examId" = $2', pair(seat));
            return placement;
          case 'wait':
            return placement;
        }
      }),

    async seated(dispatch, desktop, at) {
      const { rowCount } = await pool.query(
        `update dispatches set state = 'active', ip = $3, "containerId" = $4, "lastJoinedAt" = $5
         where id = $1 and "workerCode" = $2 and state <> 'releasing'`,
        [dispatch.id, dispatch.workerCode, desktop.ip, desktop.containerId, at],
      );
      return rowCount === 1;
    },
    async abandon(dispatch) {
      return await giveUp(pool, 'id = $1 and "workerCode" = $2', [dispatch.id, dispatch.workerCode]);
    },
    find: (seat) => find(pool, seat),
    async markReleasing(seat) {
      const { rows } = await pool.query<Dispatch>(
        `update dispatches set state = 'releasing' where "userId" = $1 and "examId" = $2 returning ${COLUMNS}`,
        pair(seat),
      );
      return rows[0];
    },
    async drop(dispatch) {
      const { rowCount } = await pool.query(
        'delete from dispatches where id = $1 and state = $2 and "lastJoinedAt" = $3',
        [dispatch.id, dispatch.state, dispatch.lastJoinedAt],
      );
      return rowCount === 1;
    },
    async scan(afterId, limit) {
      const { rows } = await pool.query<Dispatch>(
        `select ${COLUMNS} from dispatches where id > $1 order by id limit $2`,
        [afterId, limit],
      );
      return rows;
    },
    async activeOf(examId) {
      const { rows } = await pool.query<{ count: number }>(
        `select count(*)::int as count from dispatches where "examId" = $1 and state = 'active'`,
        [examId],
      );
      return rows[0]?.count ?? 0;
    },
    async running(limit) {
      const { rows } = await pool.query<RunningSession>(
        `select dispatches.*, username, name from dispatches join users on users.id = "userId"
         where state <> 'allocating' order by "examId", username limit $1`,
        [limit],
      );
      return rows;
    },
    async affinities() {
      const { rows } = await pool.query<Affinity>('select "examId", "workerCode", "expiresAt" from exam_affinities');
      return rows;
    },
    async dropAffinity(examId) {
      const { rowCount } = await pool.query('delete from exam_affinities where "examId" = $1', [examId]);
      return rowCount === 1;
    },
  };
}

function pair({ userId, examId }: Seat): number[] {
  return [userId, examId];
}

async function find(db: Queryable, seat: Seat): Promise<Dispatch | undefined> {
  const { rows } = await db.query<Dispatch>(
    `select ${COLUMNS} from dispatches where "userId" = $1 and "examId" = $2`,
    pair(seat),
  );
  return rows[0];
}

/** A student who comes back after handing in works again: the release that was still to come is off. */
async function touch(db: Queryable, { id }: Dispatch, now: Date): Promise<Dispatch> {
  const { rows } = await db.query<Dispatch>(
    `update dispatches set "lastJoinedAt" = $2, state = case state when 'releasing' then 'active' else state end
     where id = $1 returning ${COLUMNS}`,
    [id, now],
  );
  return rows[0] as Dispatch;
}

/**
 * A reservation that led to no desktop. Who had a desktop elsewhere has it again: when its worker is back, so is his work.
 * @returns whether there was such a reservation
 */
async function giveUp(db: Queryable, which: string, values: readonly unknown[]): Promise<boolean> {
  const back = await db.query(
    `update dispatches set "workerCode" = "movedFrom", state = 'active', "movedFrom" = null, "movedAt" = null
     where ${which} and state = 'allocating' and "movedFrom" is not null`,
    [...values],
  );
  if (back.rowCount) return true;
  const gone = await db.query(`delete from dispatches where ${which} and state = 'allocating'`, [...values]);
  return Boolean(gone.rowCount);
}

// Its desktop's address stays until there is another: giveUp may need it again.
async function put(db: Queryable, seat: Seat, workerCode: string, now: Date): Promise<Dispatch> {
  const { rows } = await db.query<Dispatch>(
    `insert into dispatches ("userId", "examId", "workerCode", state, "createdAt", "lastJoinedAt")
     values ($1, $2, $3, 'allocating', $4, $4)
     on conflict ("userId", "examId") do update set "workerCode" = excluded."workerCode", state = 'allocating',
       "lastJoinedAt" = excluded."lastJoinedAt",
       "movedFrom" = case dispatches.state when 'allocating' then dispatches."movedFrom" else dispatches."workerCode" end,
       "movedAt" = case dispatches.state when 'allocating' then dispatches."movedAt" else excluded."lastJoinedAt" end
     returning ${COLUMNS}`,
    [...pair(seat), workerCode, now],
  );
  return rows[0] as Dispatch;
}

async function affinityOf(db: Queryable, examId: number): Promise<Affinity | undefined> {
  const { rows } = await db.query<Affinity>(
    'select "examId", "workerCode", "expiresAt" from exam_affinities where "examId" = $1',
    [examId],
  );
  return rows[0];
}

/** The first worker of an exam is its own; an overflow to another one does not change that while it lasts. */
async function keepAffinity(
  db: Queryable,
  examId: number,
  workerCode: string,
  { now, affinityUntil }: { now: Date; affinityUntil: Date },
): Promise<void> {
  await db.query(
    `insert into exam_affinities ("examId", "workerCode", "expiresAt") values ($1, $2, $3)
     on conflict ("examId") do update set "workerCode" = excluded."workerCode", "expiresAt" = excluded."expiresAt"
     where exam_affinities."expiresAt" <= $4 or exam_affinities."workerCode" = excluded."workerCode"`,
    [examId, workerCode, affinityUntil, now],
  );
}
