import type { Seat } from '../desktop/names.ts';
import {
  EntryRefused,
  type LedgerDesktop,
  type LedgerEntry,
  type LedgerStore,
  type WorkerEntry,
} from '../pool/ledger.ts';
import type { Database, DatabaseAddress } from './database.ts';
import { prepareLedger } from './ledger-schema.ts';

/** Error classes that mean: this row is wrong, and always will be. 22 is bad values, 23 broken rules. */
const REFUSED = /^2[23]/;

const SESSION_BEGAN = `insert into vdi_worker.sessions
    ("workerCode", "containerId", "containerName", "examId", "userId", "beganAt", source)
  select distinct on ("containerId") $1, "containerId", "containerName", "examId", "userId", at, detail->>'source'
  from jsonb_to_recordset($2) as entry(seq bigint, kind text, at timestamptz, "containerId" text, "containerName" text,
    "examId" bigint, "userId" bigint, detail jsonb)
  where kind = 'session-began' order by "containerId", seq
  on conflict ("workerCode", "containerId") do update set
    "beganAt" = coalesce(sessions."beganAt", excluded."beganAt"), source = coalesce(sessions.source, excluded.source)`;

const SESSION_ENDED = `insert into vdi_worker.sessions
    ("workerCode", "containerId", "containerName", "examId", "userId", "endedAt", "endReason")
  select distinct on ("containerId") $1, "containerId", "containerName", "examId", "userId", at, detail->>'why'
  from jsonb_to_recordset($2) as entry(seq bigint, kind text, at timestamptz, "containerId" text, "containerName" text,
    "examId" bigint, "userId" bigint, detail jsonb)
  where kind = 'session-ended' order by "containerId", seq
  on conflict ("workerCode", "containerId") do update set
    "endedAt" = coalesce(sessions."endedAt", excluded."endedAt"),
    "endReason" = coalesce(sessions."endReason", excluded."endReason")`;

// No target after "on conflict": neither an id that is there nor a second telling of the same is an error.
const EVENTS = `insert into vdi_worker.events
    (id, "workerCode", seq, kind, at, "containerId", "containerName", "desktopId", "examId", "userId", detail)
  select id, $1, seq, kind, at, "containerId", "containerName", "desktopId", "examId", "userId", detail
  from jsonb_to_recordset($2) as entry(id uuid, seq bigint, kind text, at timestamptz, "containerId" text,
    "containerName" text, "desktopId" text, "examId" bigint, "userId" bigint, detail jsonb)
  order by seq on conflict do nothing`;

const OPEN = `select "containerId", "containerName", "desktopId", "examId", (select sessions."userId" from vdi_worker.sessions
      where sessions."workerCode" = made."workerCode" and sessions."containerId" = made."containerId"
        and sessions."endedAt" is null) as "userId"
  from vdi_worker.events made
  where made."workerCode" = $1 and made.kind = 'desktop-made' and not exists (
    select from vdi_worker.events removed where removed."workerCode" = made."workerCode"
      and removed."containerId" = made."containerId" and removed.kind = 'desktop-removed')
  order by seq`;

const HISTORY = `select event.* from vdi_worker.sessions
  join vdi_worker.events event using ("workerCode", "containerId")
  where sessions."examId" = $1 and sessions."userId" = $2 order by event."workerCode", event.seq limit 10000`;

export function ledgerStore(worker: string, address: DatabaseAddress, database: Database): LedgerStore {
  let isPrepared = false;
  return {
    async prepare() {
      if (isPrepared) await database.pool.query('select 1');
      else await prepareLedger(address, database);
      isPrepared = true;
    },
    async keep(entries) {
      const rows = [worker, JSON.stringify(entries.map(toRow))];
      try {
        await database.inTransaction(async (db) => {
          await db.query(EVENTS, rows);
          await db.query(SESSION_BEGAN, rows);
          await db.query(SESSION_ENDED, rows);
        });
      } catch (error) {
        const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
        if (typeof code === 'string' && REFUSED.test(code)) throw new EntryRefused(String(error));
        throw error;
      }
    },
    async open() {
      const { rows } = await database.pool.query<Row>(OPEN, [worker]);
      return rows.map(toDesktop);
    },
    async history(seat: Seat) {
      const { rows } = await database.pool.query<Row>(HISTORY, [seat.examId, seat.userId]);
      return rows.map(fromRow);
    },
  };
}

interface Row {
  readonly id: string;
  readonly workerCode: string;
  readonly seq: number;
  readonly kind: string;
  readonly at: Date;
  readonly containerId: string;
  readonly containerName: string;
  readonly desktopId: string;
  readonly examId: number;
  readonly userId: number | null;
  readonly detail: object;
}

function toRow(entry: LedgerEntry): object {
  const { id, seq, kind, at, ...rest } = entry;
  const { desktop, ...detail } = 'desktop' in rest ? rest : { desktop: undefined, ...rest };
  const { name: containerName, ...place } = desktop ?? { name: undefined };
  return { id, seq, kind, at: new Date(at).toISOString(), containerName, ...place, detail };
}

function toDesktop({ containerId, containerName, desktopId, examId, userId }: Row): LedgerDesktop {
  return { containerId, name: containerName, desktopId, examId, ...(userId === null ? {} : { userId }) };
}

function fromRow(row: Row): WorkerEntry {
  const { id, workerCode: worker, seq, kind, at, detail } = row;
  return { ...detail, id, worker, seq, kind, at: at.getTime(), desktop: toDesktop(row) } as WorkerEntry;
}
