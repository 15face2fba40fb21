import type { Fit } from '../desktop/capacity.ts';
import { isInUse, isUsable, seatOf } from '../desktop/desktop.ts';
import type { Pool } from '../pool/pool.ts';

export interface StatusFacts {
  readonly pool: Pick<Pool, 'desktops' | 'counts' | 'refill' | 'lastFailure'>;
  readonly maxSessions: number;
  /** What more could be made now. */
  readonly room: Fit;
  readonly reasons: readonly string[];
  readonly version: string;
  /** Container ids with a tunnel open now. */
  readonly connected: ReadonlySet<string>;
}

/** The worker as it is now, for status.sh and the heartbeat. Holds no secret. */
export function workerStatus({ pool, maxSessions, room, reasons, version, connected }: StatusFacts) {
  const desktops = pool.desktops();
  return {
    ready: reasons.length === 0,
    reasons,
    version,
    activeSessions: desktops.filter(isInUse).length,
    maxSessions,
    room,
    pools: pool.counts(),
    refill: pool.refill(),
    lastFailure: pool.lastFailure ?? null,
    desktops: desktops.map((desktop) => ({
      name: desktop.name,
      examId: desktop.labels.examId,
      userId: seatOf(desktop)?.userId ?? null,
      state: isInUse(desktop) && isUsable(desktop) ? 'in use' : desktop.state,
      connected: connected.has(desktop.containerId),
      reason: desktop.reason ?? null,
      imageId: desktop.labels.imageId,
      ip: desktop.ip,
      since: new Date(desktop.createdAt).toISOString(),
    })),
  };
}
