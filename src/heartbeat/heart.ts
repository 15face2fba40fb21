import axios, { type AxiosInstance } from 'axios';
import { z } from 'zod';
import { callKey, signedHeaders } from '../callers/call-signature.ts';
import type { HostLeft } from '../desktop/capacity.ts';
import type { Log } from '../pool/ports.ts';
import { type Backend, type BackendStatus, type Beat, type BeatSettings, beat, shownOf } from './beat.ts';
import { ControlPlane, type ControlPlaneSettings, type Outcome } from './control-plane.ts';
import { Due } from './due.ts';
import { shortReason } from './reasons.ts';

const Status = z.object({
  ready: z.boolean(),
  reasons: z.array(z.string()),
  degraded: z.array(z.string()).default([]),
  drainStatus: z.string().default('serving'),
  version: z.string(),
  imageId: z.string().nullable().default(null),
  lastFailure: z.string().nullable().default(null),
  activeSessions: z.number(),
  maxSessions: z.number(),
  pools: z.array(z.looseObject({})),
  desktops: z
    .array(
      z.object({
        examId: z.number(),
        userId: z.number().nullable(),
        connected: z.boolean().default(false),
        watchers: z.number().default(0),
        recorded: z.boolean().default(false),
      }),
    )
    .default([]),
});

const BACKEND_MS = 3_000;

export interface HeartSettings extends BeatSettings, ControlPlaneSettings {
  readonly backendUrl: string;
}

export interface HeartPorts {
  readonly log: Log;
  /** What the host has left now. */
  left(): Promise<HostLeft>;
  /** From 0 up to, not with, 1. */
  readonly random?: () => number;
}

/** Sends the worker's heartbeat. Goes on whatever is down, and logs at each change, not at each beat. */
export class Heart {
  readonly #settings: HeartSettings;
  readonly #ports: HeartPorts;
  readonly #backend: AxiosInstance;
  readonly #controlPlane: ControlPlane;
  readonly #due: Due;
  readonly #key: Buffer;
  #last: BackendStatus | undefined;
  #said: string | undefined;
  /** What the newest beat showed. */
  #shown: string | undefined;
  #aheadMs: number | undefined;

  constructor(settings: HeartSettings, ports: HeartPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#due = new Due(settings.intervalMs, ports.random);
    this.#controlPlane = new ControlPlane(settings);
    this.#key = callKey(settings.clusterTokens[0]);
    this.#backend = axios.create({
      baseURL: settings.backendUrl,
      timeout: BACKEND_MS,
      validateStatus: () => true,
    });
  }

  /**
   * Looks at the backend, and beats when one is due or what admins see has changed.
   * @param now milliseconds since the epoch
   * @returns whether the control-plane accepted a beat; undefined when none was due
   */
  async tick(now: number): Promise<boolean | undefined> {
    const backend = await this.#askBackend();
    const seen = { backend, left: {}, aheadMs: this.#aheadMs };
    const shown = JSON.stringify(shownOf(beat(this.#settings, seen)));
    if (!this.#due.isDue(now, shown !== this.#shown)) return undefined;
    const body = beat(this.#settings, { ...seen, left: await this.#ports.left() });
    const outcome = await this.#controlPlane.take(body);
    const isAccepted = outcome.kind === 'accepted';
    this.#due.sent(now, isAccepted);
    this.#say(outcome, body);
    if (isAccepted) {
      this.#shown = shown;
      this.#aheadMs = outcome.aheadMs;
    }
    return isAccepted;
  }

  /** @returns milliseconds until the next beat is due whatever happens */
  untilDue(now: number): number {
    return this.#due.untilDue(now);
  }

  #say(outcome: Outcome, { activeSessions, metadata: { backend, ready, reasons } }: Beat): void {
    const said = `${outcome.kind === 'accepted' ? 'accepted' : outcome.why}; backend ${backend}`;
    if (said === this.#said) return;
    this.#said = said;
    const level = outcome.kind === 'accepted' ? 'info' : 'warn';
    this.#ports.log[level]({ activeSessions, ready, reasons }, `heartbeat ${said}`);
  }

  async #askBackend(): Promise<Backend> {
    try {
      const call = { method: 'GET', path: '/api/vdi/cluster/status', body: '', worker: this.#settings.code };
      const { requireSigned, clusterTokens } = this.#settings;
      const headers = {
        // Where the token does, a clock that is wrong must not make the backend look down.
        ...(requireSigned ? {} : { 'x-cluster-token': clusterTokens[0] }),
        ...signedHeaders(call, this.#key, Date.now()),
        'x-deadline-ms': String(BACKEND_MS),
      };
      const answer = await this.#backend.get(call.path, { headers });
      if (answer.status !== 200) return { kind: 'down', why: `answered ${answer.status}`, last: this.#last };
      this.#last = Status.parse(answer.data);
      return { kind: 'up', status: this.#last };
    } catch (error) {
      return { kind: 'down', why: shortReason(error), last: this.#last };
    }
  }
}
