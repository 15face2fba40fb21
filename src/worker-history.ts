import type { WorkerSettings } from './config.ts';
import type { Seat } from './desktop/names.ts';
import { reasonOf } from './desktop/reason.ts';
import { Outbox } from './outbox/outbox.ts';
import { Sender } from './outbox/sender.ts';
import type { LedgerDesktop, WorkerEntry } from './pool/ledger.ts';
import type { Ledger, Log } from './pool/ports.ts';
import { entriesOf, sessionsOf } from './pool/session-history.ts';
import { ledgerStore } from './postgres/ledger-store.ts';
import { type Central, NO_DATABASE } from './worker-central.ts';

/** The history of this worker's sessions: told to the outbox, carried to the central database when that answers. */
export interface WorkerHistory {
  readonly ledger: Ledger;
  start(): void;
  stop(): Promise<void>;
  status(): object;
  /** What is not as it should be, though students are served; the same words as long as it is the same. */
  degraded(): string[];
  of(seat: Seat): Promise<object>;
}

/** @param endLost tells of the end of those of these desktops that are no longer there; false while that is not known */
export function openHistory(
  { code, history: settings }: WorkerSettings,
  central: Central | undefined,
  log: Log,
  endLost: (open: readonly LedgerDesktop[]) => boolean,
): WorkerHistory {
  const { directory, maxBytes } = settings;
  const outbox = new Outbox({ directory, maxBytes, isLast: !central, clock: Date.now, log });
  const store = central && ledgerStore(code, central.address, central.database);
  const sender = store && new Sender({ outbox, store, log, onDrained: async () => endLost(await store.open()) });
  const waiting = async function* (): AsyncGenerator<WorkerEntry> {
    for await (const entry of outbox.entries()) yield { ...entry, worker: code };
  };
  return {
    ledger: outbox,
    start: () => sender?.start(),
    async stop() {
      await sender?.stop();
      await outbox.close();
    },
    status: () => ({
      kept: store ? 'database' : 'on this worker only: DB_HOST is not set',
      ...outbox.status(),
      refused: sender?.refused ?? 0,
      lastError: sender?.lastError ?? null,
    }),
    degraded() {
      const { diskError, dropped } = outbox.status();
      return [
        ...(sender?.lastError
          ? ['database: history cannot be delivered and is kept on this worker meanwhile; status tells why']
          : []),
        ...(diskError ? ['outbox: the disk does not take it, new events are in memory only; status tells why'] : []),
        ...(dropped > 0 ? ['outbox: it was full, the oldest events of the history are lost'] : []),
      ];
    },
    async of(seat) {
      const here = await entriesOf(waiting, seat);
      const asked = store ? await store.history(seat).catch(reasonOf) : NO_DATABASE;
      const isWhole = typeof asked !== 'string';
      const sessions = sessionsOf(isWhole ? [...asked, ...here] : here, seat);
      const note = isWhole ? null : `only what this worker still has: ${asked}`;
      return { ...seat, complete: isWhole, note, sessions };
    },
  };
}
