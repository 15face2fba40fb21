import type { DesktopSize, HostSize } from '../desktop/capacity.ts';

/** What the backend says of itself (GET /api/vdi/cluster/status). */
export interface BackendStatus {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** Not as it should be, though students are served. */
  readonly degraded: readonly string[];
  readonly drainStatus: string;
  readonly version: string;
  readonly activeSessions: number;
  readonly maxSessions: number;
  readonly pools: readonly object[];
}

export interface BeatSettings {
  readonly code: string;
  readonly name: string;
  readonly apiBaseUrl: string;
  readonly publicPort: number;
  readonly tunnelUrl: string | null;
  readonly host: HostSize;
  readonly desktop: DesktopSize;
}

/** How the backend stands: its answer, or why there is none and what it said last. */
export type Backend =
  | { readonly kind: 'up'; readonly status: BackendStatus }
  | { readonly kind: 'down'; readonly why: string; readonly last: BackendStatus | undefined };

/**
 * The contract's heartbeat. With the backend down it tells so, and the last known count of sessions: the desktops go on
 * without the backend, so zero would be a lie that lets the control-plane give their slots away.
 */
export function beat(settings: BeatSettings, backend: Backend) {
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
      backend: backend.kind,
      ready: backend.kind === 'up' && backend.status.ready,
      reasons: backend.kind === 'up' ? backend.status.reasons : [`worker_backend: ${backend.why}`],
      degraded: status?.degraded ?? [],
      drainStatus: status?.drainStatus ?? null,
      publicPort: settings.publicPort,
      tunnelUrl: settings.tunnelUrl,
      pools: status?.pools ?? [],
    },
  };
}
