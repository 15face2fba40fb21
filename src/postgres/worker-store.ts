import type { WorkerStore } from '../control-plane/ports.ts';
import { occupied, type WorkerNode } from '../control-plane/worker-node.ts';
import { type Database, lockKey, type Queryable } from './database.ts';

const SELECT = `select w.*, (select count(*)::int from dispatches d where d."workerCode" = w.code) as dispatched
  from worker_nodes w`;

/** One placement at a time, for milliseconds: the counts that a decision rests on cannot change under it. */
export async function whilePlacing(db: Queryable): Promise<void> {
  await db.query('select pg_advisory_xact_lock($1)', [lockKey('placing')]);
}

export function workerStore({ pool: db, inTransaction }: Pick<Database, 'pool' | 'inTransaction'>): WorkerStore {
  const byCode = (code: string) => workerBy(db, code);
  return {
    all: () => allWorkers(db),
    byCode,
    async beat(beat, slots, at) {
      // Contract: a heartbeat also sets the worker to enabled. Draining is the admin's word and stays.
      await db.query(
        `insert into worker_nodes (code, name, "apiBaseUrl", "isEnabled", "lastHeartbeatAt", "totalCpuCores",
           "totalMemoryMb", "reservedCpuCores", "reservedMemoryMb", "vmCpuCores", "vmMemoryMb", "activeSessions",
           "maxSessions", metadata)
         values ($1, $2, $3, true, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (code) do update set name = excluded.name, "apiBaseUrl" = excluded."apiBaseUrl",
           "isEnabled" = true, "lastHeartbeatAt" = excluded."lastHeartbeatAt",
           "totalCpuCores" = excluded."totalCpuCores", "totalMemoryMb" = excluded."totalMemoryMb",
           "reservedCpuCores" = excluded."reservedCpuCores", "reservedMemoryMb" = excluded."reservedMemoryMb",
           "vmCpuCores" = excluded."vmCpuCores", "vmMemoryMb" = excluded."vmMemoryMb",
           "activeSessions" = excluded."activeSessions", "maxSessions" = excluded."maxSessions",
           metadata = excluded.metadata, "updatedAt" = now()`,
        [
          beat.code,
          beat.name,
          beat.apiBaseUrl,
          at,
          beat.totalCpuCores,
          beat.totalMemoryMb,
          beat.reservedCpuCores,
          beat.reservedMemoryMb,
          beat.vmCpuCores,
          beat.vmMemoryMb,
          beat.activeSessions,
          slots,
          JSON.stringify(storable(beat.metadata)),
        ],
      );
      return (await byCode(beat.code)) as WorkerNode;
    },
    change: (code, { isDraining, isEnabled }, unless) =>
      inTransaction(async (db) => {
        if (unless === 'occupied') {
          await whilePlacing(db);
          const worker = await workerBy(db, code);
          if (worker && occupied(worker) > 0) return { occupiedBy: occupied(worker) };
        }
        await db.query(
          `update worker_nodes set "isDraining" = coalesce($2, "isDraining"), "isEnabled" = coalesce($3, "isEnabled"),
           "updatedAt" = now() where code = $1`,
          [code, isDraining, isEnabled],
        );
        return await workerBy(db, code);
      }),
    // Of a worker that tells its sessions only what it told is taken off, once: two may end one session at the same moment, and one that
    // came and went between two beats was never counted.
    async sessionEnded(code, { userId, examId }, asked) {
      await db.query(
        `update worker_nodes set "updatedAt" = now(),
           "activeSessions" = greatest(0, "activeSessions" - case when jsonb_typeof(metadata -> 'sessions') = 'array'
             and not metadata -> 'sessions' @> jsonb_build_array($3::jsonb) then 0 else 1 end),
           metadata = case jsonb_typeof(metadata -> 'sessions') when 'array' then jsonb_set(metadata, '{sessions}', (
             select coalesce(jsonb_agg(told), '[]') from jsonb_array_elements(metadata -> 'sessions') told
             where not told @> $3::jsonb)) else metadata end
         where code = $1 and "lastHeartbeatAt" <= $2`,
        [code, asked, JSON.stringify({ userId, examId })],
      );
    },
    async mendActiveSessions({ code, activeSessions }, observed, asked) {
      const { rowCount } = await db.query(
        `update worker_nodes set "activeSessions" = $3, "updatedAt" = now()
         where code = $1 and "activeSessions" = $2 and "lastHeartbeatAt" <= $4`,
        [code, activeSessions, observed, asked],
      );
      return rowCount === 1;
    },
  };
}

async function workerBy(db: Queryable, code: string): Promise<WorkerNode | undefined> {
  const { rows } = await db.query<WorkerNode>(`${SELECT} where w.code = $1`, [code]);
  return rows[0];
}

/** PostgreSQL takes neither NUL nor half a letter; a worker that tells of one in an error's text must not turn stale for it. */
function storable(told: unknown): unknown {
  if (typeof told === 'string') return told.toWellFormed().replaceAll('\0', '\ufffd');
  if (Array.isArray(told)) return told.map(storable);
  if (typeof told !== 'object' || told === null) return told;
  return Object.fromEntries(Object.entries(told).map(([key, value]) => [storable(key), storable(value)]));
}

export async function allWorkers(db: Queryable): Promise<WorkerNode[]> {
  const { rows } = await db.query<WorkerNode>(`${SELECT} order by w.code`);
  return rows;
}
