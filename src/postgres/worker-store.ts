import type { WorkerStore } from '../control-plane/ports.ts';
import type { WorkerNode } from '../control-plane/worker-node.ts';
import type { Queryable } from './database.ts';

const SELECT = `select w.*, (select count(*)::int from dispatches d where d."workerCode" = w.code) as dispatched
  from worker_nodes w`;

export function workerStore(db: Queryable): WorkerStore {
  async function byCode(code: string): Promise<WorkerNode | undefined> {
    const { rows } = await db.query<WorkerNode>(`${SELECT} where w.code = $1`, [code]);
    return rows[0];
  }
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
          JSON.stringify(beat.metadata),
        ],
      );
      return (await byCode(beat.code)) as WorkerNode;
    },
    async change(code, { isDraining, isEnabled }) {
      await db.query(
        `update worker_nodes set "isDraining" = coalesce($2, "isDraining"), "isEnabled" = coalesce($3, "isEnabled"),
           "updatedAt" = now() where code = $1`,
        [code, isDraining, isEnabled],
      );
      return await byCode(code);
    },
    async sessionEnded(code, { userId, examId }, asked) {
      await db.query(
        `update worker_nodes set "activeSessions" = greatest(0, "activeSessions" - 1), "updatedAt" = now(),
           metadata = case jsonb_typeof(metadata -> 'sessions') when 'array' then jsonb_set(metadata, '{sessions}', (
             select coalesce(jsonb_agg(told), '[]') from jsonb_array_elements(metadata -> 'sessions') told
             where not told @> $3)) else metadata end
         where code = $1 and "lastHeartbeatAt" <= $2`,
        [code, asked, JSON.stringify({ userId, examId })],
      );
    },
    async setActiveSessions(code, activeSessions) {
      await db.query('update worker_nodes set "activeSessions" = $2, "updatedAt" = now() where code = $1', [
        code,
        activeSessions,
      ]);
    },
  };
}

export async function allWorkers(db: Queryable): Promise<WorkerNode[]> {
  const { rows } = await db.query<WorkerNode>(`${SELECT} order by w.code`);
  return rows;
}
