/**
 * What is known of one student's session at a worker: an allocation, from the first allocate to the release, over all
 * of its tunnels. Times are milliseconds since the epoch.
 */
export interface SessionRecord {
  /** Random, new for each allocation. */
  readonly allocation: string;
  readonly beganAt: number;
  readonly connected: boolean;
  /** When a tunnel of it was last open. */
  readonly lastSeenAt?: number | undefined;
  /** Tunnels opened so far. */
  readonly tunnels: number;
  readonly bytesToBrowser: number;
  readonly bytesToDesktop: number;
  /** The last round trip between worker and browser. */
  readonly latencyMs?: number | undefined;
}
