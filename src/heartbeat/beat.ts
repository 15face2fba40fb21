import type { DesktopSize, HostLeft, HostSize } from '../desktop/capacity.ts';

/** What the backend says of itself (GET /api/vdi/cluster/status). */
export interface BackendStatus {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** Not as it should be, though students are served. */
  readonly degraded: readonly string[];
  readonly drainStatus: string;
  readonly version: string;
  /** Digest of the desktops' image; null when it is missing. */
  readonly imageId: string | null;
  /** Why the last desktop did not come up; null when none failed. */
  readonly lastFailure: string | null;
  readonly activeSessions: number;
  readonly maxSessions: number;
  readonly pools: readonly object[];
  readonly desktops: readonly BackendDesktop[];
}

interface BackendDesktop {
  readonly examId: number;
  /** Null while nobody sits at it. */
  readonly userId: number | null;
  readonly connected: boolean;
  readonly watchers: number;
  readonly recorded: boolean;
}

export interface BeatSettings {
  readonly code: string;
  readonly name: string;
  readonly apiBaseUrl: string;
  /** Only signed calls are taken: the control-plane need not send the token itself. */
  readonly requireSigned: boolean;
  readonly publicPort: number;
  readonly tunnelUrl: string | null;
  readonly host: HostSize;
  readonly desktop: DesktopSize;
}

/** How the backend stands: its answer, or why there is none and what it said last. */
export type Backend =
  | { readonly kind: 'up'; readonly status: BackendStatus }
  | { readonly kind: 'down'; readonly why: string; readonly last: BackendStatus | undefined };

/** Beside the backend: what this process sees itself. */
export interface Seen {
  readonly backend: Backend;
  readonly left: HostLeft;
  /** By how much the control-plane's clock is ahead of ours, as of the last beat; undefined when not known. Milliseconds. */
  readonly aheadMs: number | undefined;
}

/** Logins and tokens are dated: clocks further apart than this make students' logins fail. Milliseconds. */
const CLOCKS_APART_MS = 30_000;

export type Beat = ReturnType<typeof beat>;

/**
 * The contract's heartbeat. With the backend down it tells so, and the last known count of sessions: the desktops go on
 * without the backend, so zero would be a lie that lets the control-plane give their slots away.
 */
export function beat(settings: BeatSettings, { backend, left, aheadMs }: Seen) {
  const status = backend.kind === 'up' ? backend.status : backend.last;
  return {
    code: settings.code,
    name: settings.name,
    apiBaseUrl: settings.apiBaseUrl,
    totalCpuCores: settings.host.cpuCores,
    totalMemoryMb: settings.host.memoryMb,
    reservedCpuCores: settings.host.reservedCpuCores,
    reservedMemoryMb: settings.host.reservedMemoryMb,
    vmCpuCores: settings.desktop.cpuCores,
    vmMemoryMb: settings.desktop.memoryMb,
    activeSessions: status?.activeSessions ?? 0,
    metadata: {
      version: status?.version ?? null,
      imageId: status?.imageId ?? null,
      lastError: status?.lastFailure ?? null,
      backend: backend.kind,
      ready: backend.kind === 'up' && backend.status.ready,
      reasons: backend.kind === 'up' ? backend.status.reasons : [`worker_backend: ${backend.why}`],
      degraded: [...(status?.degraded ?? []), ...clockComplaint(aheadMs)],
      drainStatus: status?.drainStatus ?? null,
      calls: settings.requireSigned ? 'signed' : 'token',
      publicPort: settings.publicPort,
      tunnelUrl: settings.tunnelUrl,
      pools: status?.pools ?? [],
      // Not those known last: nobody can say now who is connected.
      sessions: backend.kind === 'up' ? sessionsOf(backend.status) : null,
      host: { memoryMb: left.memoryMb ?? null, diskMb: left.diskMb ?? null },
      clockAheadMs: aheadMs ?? null,
    },
  };
}

/** The part whose change is worth a beat of its own: figures that are never the same twice are not. */
export function shownOf({ activeSessions, metadata: { host: _host, clockAheadMs: _ahead, ...shown } }: Beat): object {
  return { activeSessions, ...shown };
}

function sessionsOf({ desktops }: BackendStatus) {
  return desktops.flatMap(({ examId, userId, connected, watchers, recorded }) =>
    userId === null ? [] : [{ examId, userId, connected, watchers, recorded }],
  );
}

function clockComplaint(aheadMs = 0): string[] {
  if (Math.abs(aheadMs) < CLOCKS_APART_MS) return [];
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  return [
    `this host’s clock is ${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} the control-plane’s: check NTP on both`,
  ];
}
