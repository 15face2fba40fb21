import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { deadlineMs } from '../callers/call-headers.ts';
import type { Seat } from '../desktop/names.ts';
import type { Overrides } from '../desktop/overrides.ts';
import type { Pool } from '../pool/pool.ts';
import type { Log } from '../pool/ports.ts';
import { DrainBody, prewarmBody, ReconcileQuery, SeatBody, SeatQuery } from './bodies.ts';
import type { CallHead } from './cluster-gate.ts';
import { absenceReply, allocationReply, checked, LATE, ok, type Reply, send, Wrong } from './replies.ts';

/** Of the caller's time: until when an answer of the pool's own is sought, and when he hears one whatever it is. */
const SEEK = 0.8;
const LAST_CALL = 0.95;

export interface ClusterPorts {
  readonly prewarmMax: number;
  /** The desktops' settings where an exam sets none of its own. */
  readonly desktopEnv: Overrides;
  /** CLUSTER_API_TIMEOUT_MS: how long a caller waits who does not say. */
  readonly callTimeoutMs: number;
  readonly pool: Pick<Pool, 'allocate' | 'release' | 'prewarm' | 'reconcile' | 'drain' | 'drainStatus'>;
  /** With what the student's page opens the tunnel to his desktop. */
  connectionOf(seat: Seat): Promise<object>;
  /** His session is over: what was made for it opens nothing any more. */
  endSession(seat: Seat): Promise<void>;
  /** A student's sessions in an exam. */
  history(seat: Seat): Promise<object>;
  /** Answer of the status call. */
  status(): Promise<object>;
  readonly log: Log;
}

/** @param withinMs how long an answer may be sought */
type Call = (request: Request, withinMs: number) => Promise<Reply> | Reply;

/** The contract's section 1, and what operators and the heartbeat ask beside it. Its callers have been let in. */
export function clusterCalls(ports: ClusterPorts): Router {
  const { pool } = ports;
  const router = express.Router();
  const answer = (call: Call): RequestHandler => answering(ports, call);

  router.post(
    '/allocate',
    answer(async ({ body }, withinMs) => {
      const seat = checked(SeatBody, body);
      const allocation = await pool.allocate(seat, withinMs);
      return allocationReply(allocation, allocation.kind === 'seated' ? await ports.connectionOf(seat) : undefined);
    }),
  );
  router.post(
    '/release',
    answer(async ({ body }) => {
      const seat = checked(SeatBody, body);
      // First: nothing made for this session opens anything any more, however long its desktop takes to go.
      await ports.endSession(seat);
      const was = await pool.release(seat);
      return ok({ message: was ? 'Desktop released.' : 'No desktop was allocated.' });
    }),
  );
  router.post(
    '/prewarm',
    answer(async ({ body }) => {
      const asked = checked(prewarmBody(ports.prewarmMax, ports.desktopEnv), body);
      return ok(await pool.prewarm(asked.examId, asked.count, asked.env));
    }),
  );
  router.post(
    '/reconcile',
    answer(async ({ query }) => ok(await pool.reconcile(checked(ReconcileQuery, query).dryRun === 'true'))),
  );
  router.post(
    '/drain',
    answer(({ body }) => {
      const { draining } = checked(DrainBody, body);
      pool.drain(draining);
      return ok({ draining, drainStatus: pool.drainStatus });
    }),
  );
  router.get(
    '/history',
    answer(async ({ query }) => ok(await ports.history(checked(SeatQuery, query)))),
  );
  router.get(
    '/status',
    answer(async () => ok(await ports.status())),
  );
  return router;
}

/** Answers while the caller listens. */
function answering({ callTimeoutMs, log }: ClusterPorts, call: Call): RequestHandler {
  return async (request, response) => {
    const ms = deadlineMs(request.get('x-deadline-ms'), callTimeoutMs);
    if (ms === undefined) {
      const problem = 'must be the milliseconds that you still wait, in digits';
      return send(response, new Wrong([{ field: 'x-deadline-ms', problem }]).reply);
    }
    logWhenDone(log, request, response);
    const reply = replyOf(() => call(request, Math.floor(ms * SEEK)));
    const late = Promise.withResolvers<Reply>();
    const timer = setTimeout(() => late.resolve(LATE), ms * LAST_CALL).unref();
    const first = await Promise.race([reply, late.promise]).finally(() => clearTimeout(timer));
    send(response, first);
    if (first !== LATE) return;
    const requestId = response.get('x-request-id');
    reply
      .then(({ status }) => log.warn({ requestId, path: request.originalUrl, status }, 'done after the caller’s time'))
      .catch((error: unknown) => log.error({ requestId, error: String(error) }, 'failed after the caller’s time'));
  };
}

async function replyOf(call: () => Promise<Reply> | Reply): Promise<Reply> {
  try {
    return await call();
  } catch (error) {
    const known = error instanceof Wrong ? error.reply : absenceReply(error);
    if (known) return known;
    throw error;
  }
}

/** One line for each call that may change something. */
function logWhenDone(log: Log, request: Request, response: Response): void {
  if (request.method === 'GET') return;
  const began = performance.now();
  const { userId, examId }: Partial<Record<string, unknown>> = request.body ?? {};
  response.once('close', () => {
    const { address } = response.locals.call as CallHead;
    log.info(
      {
        requestId: response.get('x-request-id'),
        call: request.path.slice(1),
        ...(typeof userId === 'number' ? { userId } : {}),
        ...(typeof examId === 'number' ? { examId } : {}),
        from: address,
        // The answer never left: the caller had gone.
        status: response.writableFinished ? response.statusCode : 'caller gone',
        ms: Math.round(performance.now() - began),
      },
      'cluster call',
    );
  });
}
