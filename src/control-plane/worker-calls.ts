import { z } from 'zod';
import type { Seat } from './dispatch.ts';
import type { PrewarmCounts, WorkerAnswer, WorkerCalls } from './ports.ts';
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

/** The calls of contract section 1 over HTTP, each ended after the caller's own patience. */
export function httpWorkerCalls(options: { clusterToken: string; timeoutMs: number }): WorkerCalls {
  async function ask<T>(
    worker: { apiBaseUrl: string },
    path: string,
    body: object | undefined,
    shape: z.ZodType<T>,
  ): Promise<WorkerAnswer<T>> {
    try {
      const response = await fetch(`${worker.apiBaseUrl.replace(/\/+$/, '')}/api/vdi/cluster/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: {
          'x-cluster-token': options.clusterToken,
          'x-deadline-ms': String(options.timeoutMs),
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(options.timeoutMs),
        redirect: 'error',
      });
      const text = await response.text();
      if (!response.ok) return { ok: false, why: 'refused', detail: `HTTP ${response.status}: ${text.slice(0, 300)}` };
      const parsed = shape.safeParse(parseJson(text));
      if (!parsed.success) return { ok: false, why: 'malformed', detail: z.prettifyError(parsed.error) };
      return { ok: true, value: parsed.data };
    } catch (error) {
      return failure(error, options.timeoutMs);
    }
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
