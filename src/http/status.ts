import type { Fit } from '../desktop/capacity.ts';
import { type Desktop, isDistrusted, isInUse, isQuarantined, isUsable, seatOf } from '../desktop/desktop.ts';
import type { Pool } from '../pool/pool.ts';
import type { DrainState } from '../pool/ports.ts';

export interface StatusFacts {
  readonly pool: Pick<Pool, 'desktops' | 'counts' | 'refill' | 'drainStatus' | 'drainState' | 'lastFailure'>;
  readonly maxSessions: number;
  /** What more could be made now. */
  readonly room: Fit;
  readonly reasons: readonly string[];
  readonly version: string;
  /** Digest of the image that new desktops are made of; undefined while it is missing. */
  readonly imageId: string | undefined;
  /** `read`, or why the control-plane cannot drain this worker by its table. */
  readonly drainTable: string;
  /** Container ids with a tunnel open now. */
  readonly connected: ReadonlySet<string>;
  /** How many proctors look at a desktop, by its container id. */
  watchers(containerId: string): number;
  isRecorded(containerId: string): boolean;
}

/** The worker as it is now, for status.sh and the heartbeat. Holds no secret. */
export function workerStatus({
  pool,
  maxSessions,
  room,
  reasons,
  version,
  imageId,
  connected,
  watchers,
  isRecorded,
  drainTable,
}: StatusFacts) {
  const desktops = pool.desktops();
  const quarantined = newestFirst(desktops.filter(isQuarantined));
  return {
    ready: reasons.length === 0,
    reasons,
    version,
    imageId: imageId ?? null,
    drainStatus: pool.drainStatus,
    drain: drainWord(pool.drainState, drainTable),
    activeSessions: desktops.filter(isInUse).length,
    maxSessions,
    room,
    pools: pool.counts(),
    refill: pool.refill(),
    lastFailure: pool.lastFailure ?? null,
    quarantine: { count: quarantined.length, last: quarantined[0] ? reasonOf(quarantined[0]) : null },
    failedProofInUse: desktops.filter((desktop) => isInUse(desktop) && isDistrusted(desktop)).length,
    desktops: desktops.map((desktop) => ({
      name: desktop.name,
      examId: desktop.labels.examId,
      userId: seatOf(desktop)?.userId ?? null,
      state: stateOf(desktop),
      connected: connected.has(desktop.containerId),
      watchers: watchers(desktop.containerId),
      recorded: isRecorded(desktop.containerId),
      reason: reasonOf(desktop),
      proof: proofOf(desktop),
      files: filesOf(desktop),
      imageId: desktop.labels.imageId,
      ip: desktop.ip,
      since: new Date(desktop.createdAt).toISOString(),
    })),
  };
}

function drainWord({ by, at }: DrainState, table: string) {
  return { by: by ?? null, since: at === undefined ? null : new Date(at).toISOString(), table };
}

export function drainComplaints({ unkept }: { readonly unkept?: string | undefined }): string[] {
  return unkept === undefined ? [] : [`drain: a restart would forget it, it cannot be written down: ${unkept}`];
}

/** What somebody must look at though the worker serves: for the heartbeat, the console and status.sh. */
export function proofComplaints(desktops: readonly Desktop[]): string[] {
  const inUse = desktops.filter((desktop) => isInUse(desktop) && isDistrusted(desktop));
  const quarantined = newestFirst(desktops.filter(isQuarantined));
  const last = quarantined[0];
  return [
    ...inUse.map((desktop) => `${desktop.name} is in use and ${reasonOf(desktop)}`),
    ...(last ? [`${quarantined.length} in quarantine, the last ${last.name}: ${reasonOf(last)}`] : []),
  ];
}

function newestFirst(quarantined: readonly Desktop[]): Desktop[] {
  return [...quarantined].sort((a, b) => sinceQuarantine(b) - sinceQuarantine(a));
}

function sinceQuarantine({ place }: Desktop): number {
  return place.kind === 'quarantine' ? place.at : 0;
}

function stateOf(desktop: Desktop): string {
  if (isQuarantined(desktop)) return 'quarantined';
  return isInUse(desktop) && isUsable(desktop) ? 'in use' : desktop.state;
}

/** A failed proof before everything else: it is what somebody must look at. */
function reasonOf({ proof, reason, page }: Desktop): string | null {
  if (proof?.kind === 'bad') return `failed its proof: ${proof.reason}`;
  return [reason, page === 'unreachable' && 'exam page did not load', proof?.note].filter(Boolean).join('; ') || null;
}

function filesOf({ files }: Desktop) {
  if (!files) return null;
  const { heardAt, ...told } = files;
  return { ...told, at: new Date(heardAt).toISOString() };
}

function proofOf({ proof }: Desktop) {
  return proof ? { result: proof.kind, at: new Date(proof.at).toISOString() } : null;
}
