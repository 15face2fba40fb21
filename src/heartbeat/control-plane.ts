import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { shortReason } from './reasons.ts';

const LONGEST_MS = 10_000;
const LONGEST_ANSWER = 64 * 1024;

export interface ControlPlaneSettings {
  readonly controlPlaneApiBase: string;
  /** The current one, then the one before it, for a control-plane that does not know the current one yet. */
  readonly clusterTokens: readonly [string, ...string[]];
  /** Certificates (PEM) to trust beside the public authorities. */
  readonly controlPlaneCa?: string;
  /** Longest time between two beats: none is worth waiting for any longer. Milliseconds. */
  readonly intervalMs: number;
}

/** What became of a beat. */
export type Outcome =
  /** `aheadMs`: by how much its clock is ahead of ours; undefined when it named no time. */
  | { readonly kind: 'accepted'; readonly aheadMs: number | undefined }
  | { readonly kind: 'failed'; readonly why: string };

/** The control-plane's end of the heartbeat, over one connection that is kept. */
export class ControlPlane {
  readonly #settings: ControlPlaneSettings;
  readonly #http: AxiosInstance;
  #token: string;

  constructor(settings: ControlPlaneSettings) {
    this.#settings = settings;
    this.#token = settings.clusterTokens[0];
    const { controlPlaneCa, intervalMs } = settings;
    const ca = controlPlaneCa ? { ca: [...rootCertificates, controlPlaneCa] } : {};
    this.#http = axios.create({
      timeout: Math.min(LONGEST_MS, intervalMs),
      validateStatus: () => true,
      maxRedirects: 0,
      maxContentLength: LONGEST_ANSWER,
      httpAgent: new HttpAgent({ keepAlive: true }),
      httpsAgent: new HttpsAgent({ keepAlive: true, ...ca }),
    });
  }

  /** Never rises. */
  async take(beat: object): Promise<Outcome> {
    const { controlPlaneApiBase } = this.#settings;
    const began = Date.now();
    try {
      const { status, headers } = await this.#post(`${controlPlaneApiBase}/vdi/workers/heartbeat`, beat);
      if (status >= 200 && status < 300) return { kind: 'accepted', aheadMs: aheadMs(headers.date, began, Date.now()) };
      return { kind: 'failed', why: `refused (${status})${hint(status)}` };
    } catch (error) {
      return { kind: 'failed', why: `not delivered: control-plane at ${controlPlaneApiBase} ${shortReason(error)}` };
    }
  }

  /** With the token that was taken last; the other one only where it is refused, so that each side may change at its own time. */
  async #post(url: string, beat: object): Promise<AxiosResponse> {
    const say = (token: string) => this.#http.post(url, beat, { headers: { 'x-worker-token': token } });
    const answer = await say(this.#token);
    const other = this.#settings.clusterTokens.find((token) => token !== this.#token);
    if (other === undefined || (answer.status !== 401 && answer.status !== 403)) return answer;
    const second = await say(other);
    if (second.status < 200 || second.status >= 300) return answer;
    this.#token = other;
    return second;
  }
}

function hint(status: number): string {
  if (status === 401 || status === 403) return ': WORKER_CLUSTER_TOKEN must be the same here and on the control-plane';
  if (status === 404) return ': CONTROL_PLANE_API_BASE must end in /api, at the control-plane’s own address';
  if (status >= 300 && status < 400)
    return ': it sends us elsewhere; put the final address into CONTROL_PLANE_API_BASE';
  return '';
}

/** The Date header counts whole seconds, cut off: half a second is added. Taken at the middle of the call. */
function aheadMs(date: unknown, began: number, ended: number): number | undefined {
  const theirs = Date.parse(String(date));
  return Number.isNaN(theirs) ? undefined : Math.round(theirs + 500 - (began + ended) / 2);
}
