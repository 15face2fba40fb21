import axios, { type AxiosInstance } from 'axios';
import { z } from 'zod';
import type { Log } from '../pool/ports.ts';
import { type Backend, type BackendStatus, type BeatSettings, beat } from './beat.ts';

const Status = z.object({
  ready: z.boolean(),
  reasons: z.array(z.string()),
  degraded: z.array(z.string()).default([]),
  drainStatus: z.string().default('serving'),
  version: z.string(),
  activeSessions: z.number(),
  maxSessions: z.number(),
  pools: z.array(z.looseObject({})),
});

const BACKEND_MS = 3_000;
const CONTROL_PLANE_MS = 10_000;

export interface HeartSettings extends BeatSettings {
  readonly clusterToken: string;
  readonly backendUrl: string;
  readonly controlPlaneApiBase: string;
  /** Longest time between two beats. Milliseconds. */
  readonly intervalMs: number;
}

/** Sends the worker's heartbeat. Goes on whatever is down, and logs at each change, not at each beat. */
export class Heart {
  readonly #settings: HeartSettings;
  readonly #log: Log;
  readonly #http: AxiosInstance;
  #last: BackendStatus | undefined;
  #said: string | undefined;
  /** What the newest beat showed, and when it was sent. */
  #seen: string | undefined;
  #sentAt = 0;

  constructor(settings: HeartSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#http = axios.create({ validateStatus: () => true, maxRedirects: 0 });
  }

  /**
   * Looks at the backend, and beats when the interval is over or when what admins see has changed.
   * @param now milliseconds since the epoch
   * @returns whether the control-plane accepted a beat; undefined when none was due
   */
  async tick(now: number): Promise<boolean | undefined> {
    const body = beat(this.#settings, await this.#askBackend());
    const { activeSessions, metadata } = body;
    const seen = JSON.stringify({ activeSessions, metadata });
    if (seen === this.#seen && now - this.#sentAt < this.#settings.intervalMs) return undefined;
    this.#seen = seen;
    this.#sentAt = now;
    return this.#beat(body);
  }

  async #beat(body: ReturnType<typeof beat>): Promise<boolean> {
    const outcome = await this.#send(body);
    const said = `${outcome}; backend ${body.metadata.backend}`;
    if (said !== this.#said) {
      const fields = {
        activeSessions: body.activeSessions,
        ready: body.metadata.ready,
        reasons: body.metadata.reasons,
      };
      if (outcome === 'accepted') this.#log.info(fields, `heartbeat ${said}`);
      else this.#log.warn(fields, `heartbeat ${said}`);
      this.#said = said;
    }
    return outcome === 'accepted';
  }

  async #askBackend(): Promise<Backend> {
    const { backendUrl, clusterToken } = this.#settings;
    try {
      const answer = await this.#http.get(`${backendUrl}/api/vdi/cluster/status`, {
        timeout: BACKEND_MS,
        headers: { 'x-cluster-token': clusterToken },
      });
      if (answer.status !== 200) return { kind: 'down', why: `answered ${answer.status}`, last: this.#last };
      this.#last = Status.parse(answer.data);
      return { kind: 'up', status: this.#last };
    } catch (error) {
      return { kind: 'down', why: shortReason(error), last: this.#last };
    }
  }

  async #send(body: object): Promise<string> {
    const { controlPlaneApiBase, clusterToken } = this.#settings;
    try {
      const answer = await this.#http.post(`${controlPlaneApiBase}/vdi/workers/heartbeat`, body, {
        timeout: CONTROL_PLANE_MS,
        headers: { 'x-worker-token': clusterToken },
      });
      if (answer.status >= 200 && answer.status < 300) return 'accepted';
      if (answer.status === 401 || answer.status === 403) {
        return `refused (${answer.status}): WORKER_CLUSTER_TOKEN must be the same here and on the control-plane`;
      }
      return `refused (${answer.status})`;
    } catch (error) {
      return `not delivered: control-plane at ${controlPlaneApiBase} ${shortReason(error)}`;
    }
  }
}

function shortReason(error: unknown): string {
  if (axios.isAxiosError(error))
    return error.code === 'ECONNABORTED' ? 'does not answer in time' : `cannot be reached (${error.code})`;
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
