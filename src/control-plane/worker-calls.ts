import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { callKey, signedHeaders } from '../callers/call-signature.ts';
import { requestFields } from '../callers/request-context.ts';
import type { Seat } from './dispatch.ts';
import type { CalledWorker, PrewarmCounts, WorkerAnswer, WorkerCalls } from './ports.ts';
import { type Observation, seatKey } from './reconcile-plan.ts';

const desktop = z.object({
  ip: z.string().min(1),
  containerId: z.string().min(1),
  // A worker of another make has none, or another thing of this name: then the contract's token does.
  connection: z
    .object({
      token: z.string().min(1),
      expiresAt: z.string(),
      clipboard: z.enum(['off', 'in', 'out', 'both']).optional(),
      recorded: z.boolean().optional(),
    })
    .optional()
    .catch(undefined),
});
const released = z.object({ message: z.string().optional() });
const number = z.number().int().min(0);
const prewarmed = z.object({ requested: number, created: number, failed: number, poolAvailable: number });
const drained = z.object({ drainStatus: z.string() });
const status = z.object({
  activeSessions: number,
  desktops: z.array(z.object({ examId: number, userId: number.nullable() })),
});

interface CallOptions {
  /** The current one, then the one before it, for a worker that does not know the current one yet. */
  readonly clusterTokens: readonly [string, ...string[]];
  readonly timeoutMs: number;
}

interface Heard {
  readonly status: number;
  readonly ok: boolean;
  readonly text: string;
}

const callerWith = (token: string) => ({ token, key: callKey(token) });
type Caller = ReturnType<typeof callerWith>;

/** The calls of contract section 1 over HTTP, each ended after the caller's own patience. */
export function httpWorkerCalls({ clusterTokens, timeoutMs }: CallOptions): WorkerCalls {
  const [current, ...older] = clusterTokens;
  const callers = { current: callerWith(current), older: older.map(callerWith) };

  async function ask<T>(
    worker: CalledWorker,
    path: string,
    body: object | undefined,
    shape: z.ZodType<T>,
  ): Promise<WorkerAnswer<T>> {
    try {
      const { status, ok, text } = await send(worker, path, body);
      if (!ok) return refusal(status, text);
      const parsed = shape.safeParse(parseJson(text));
      if (!parsed.success) return { ok: false, why: 'malformed', detail: z.prettifyError(parsed.error) };
      return { ok: true, value: parsed.data };
    } catch (error) {
      return failure(error, timeoutMs);
    }
  }

  /** With the older tokens only where the current one is refused. Refused by all, the first refusal says why. */
  async function send(worker: CalledWorker, path: string, body: object | undefined): Promise<Heard> {
    const signal = AbortSignal.timeout(timeoutMs);
    const began = performance.now();
    const call = {
      method: body ? 'POST' : 'GET',
      path: `/api/vdi/cluster/${path}`,
      body: body ? JSON.stringify(body) : '',
    };
    const requestId = requestFields().requestId ?? randomUUID();
    const say = async (caller: Caller): Promise<Heard> => {
      const response = await fetch(worker.apiBaseUrl.replace(/\/+$/, '') + call.path, {
        method: call.method,
        headers: {
          ...credentials(worker, call, caller),
          'x-request-id': requestId,
          'x-deadline-ms': String(Math.max(0, Math.round(timeoutMs - (performance.now() - began)))),
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: call.body } : {}),
        signal,
        redirect: 'error',
      });
      return { status: response.status, ok: response.ok, text: await response.text() };
    };
    const first = await say(callers.current);
    if (first.status !== 401) return first;
    for (const caller of callers.older) {
      const next = await say(caller);
      if (next.status !== 401) return next;
    }
    return first;
  }

  const seatBody = ({ userId, examId }: Seat) => ({ userId, examId });
  return {
    allocate: (worker, seat) => ask(worker, 'allocate', seatBody(seat), desktop),
    release: (worker, seat) => ask(worker, 'release', seatBody(seat), released),
    prewarm: (worker, wish): Promise<WorkerAnswer<PrewarmCounts>> => ask(worker, 'prewarm', wish, prewarmed),
    drain: (worker, draining) => ask(worker, 'drain', { draining }, drained),
    async observe(worker): Promise<Observation> {
      const answer = await ask(worker, 'status', undefined, status);
      if (!answer.ok) return { kind: 'silent' };
      const seats = answer.value.desktops.flatMap(({ userId, examId }) =>
        userId === null ? [] : [seatKey({ userId, examId })],
      );
      return { kind: 'answered', seats: new Set(seats), activeSessions: answer.value.activeSessions };
    },
  };
}

/** Always signed; the token itself goes along only where the worker does not say that it can do without (docs/adr/0020). */
function credentials(
  { code, metadata }: CalledWorker,
  call: { method: string; path: string; body: string },
  { token, key }: Caller,
): Record<string, string> {
  const signature = signedHeaders({ ...call, worker: code }, key, Date.now());
  return metadata.calls === 'signed' ? signature : { 'x-cluster-token': token, ...signature };
}

/** A worker that is still at work when our time is over may have done it all the same, as one that did not answer. */
function refusal(status: number, text: string): { ok: false; why: 'timeout' | 'refused'; detail: string } {
  const body: unknown = parseJson(text);
  const isLate = typeof body === 'object' && body !== null && Reflect.get(body, 'error') === 'deadline';
  return { ok: false, why: isLate ? 'timeout' : 'refused', detail: `HTTP ${status}: ${text.slice(0, 300)}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(error: unknown, timeoutMs: number): { ok: false; why: 'timeout' | 'unreachable'; detail: string } {
  if (!(error instanceof Error)) throw error;
  if (error.name === 'TimeoutError') return { ok: false, why: 'timeout', detail: `no answer within ${timeoutMs} ms` };
  const cause = error.cause instanceof Error ? error.cause.message : error.message;
  return { ok: false, why: 'unreachable', detail: cause };
}
