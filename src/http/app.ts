import express, { type ErrorRequestHandler, type Express, type Response } from 'express';
import type { z } from 'zod';
import type { Seat } from '../desktop/names.ts';
import type { Overrides } from '../desktop/overrides.ts';
import type { Pool } from '../pool/pool.ts';
import type { Log } from '../pool/ports.ts';
import { answerAbsence, answerAllocation } from './answers.ts';
import { DrainBody, parseBody, prewarmBody, ReconcileQuery, SeatBody, SeatQuery } from './bodies.ts';
import { requireClusterToken, requireMetricsToken } from './cluster-token.ts';

export interface AppPorts {
  readonly clusterToken: string;
  /** Opens /metrics beside the cluster's token. */
  readonly metricsToken?: string | undefined;
  readonly prewarmMax: number;
  /** The desktops' settings where an exam sets none of its own. */
  readonly desktopEnv: Overrides;
  readonly pool: Pick<Pool, 'allocate' | 'release' | 'prewarm' | 'reconcile' | 'drain' | 'drainStatus'>;
  /** With what the student's page opens the tunnel to his desktop. */
  connectionOf(seat: Seat): Promise<object>;
  /** His session is over: what was made for it opens nothing any more. */
  endSession(seat: Seat): Promise<void>;
  /** Counts for Prometheus. */
  metrics(): Promise<{ readonly type: string; readonly body: string }>;
  readonly log: Log;
  /** Text of docs/openapi.yaml. */
  readonly openapi: string;
  /** What stands in the way of serving students; empty when all is well. */
  reasons(): readonly string[];
  /** How the container engine answers. */
  engine(): object;
  /** What is not as it should be, though students are served. */
  degraded(): readonly string[];
  /** A student's sessions in an exam. */
  history(seat: Seat): Promise<object>;
  /** Answer of the status call. */
  status(): Promise<object>;
}

/** The contract's section 1, and what operators and the heartbeat ask beside it. */
export function workerApp(ports: AppPorts): Express {
  const { pool, log } = ports;
  const app = express();
  app.disable('x-powered-by');

  app.get('/healthz', (_request, response) => void response.json({ status: 'ok', drainStatus: pool.drainStatus }));
  app.get('/readyz', (_request, response) => {
    const reasons = ports.reasons();
    response.status(reasons.length === 0 ? 200 : 503).json({
      ready: reasons.length === 0,
      reasons,
      degraded: ports.degraded(),
      drainStatus: pool.drainStatus,
      engine: ports.engine(),
    });
  });
  app.get('/openapi.yaml', (_request, response) => void response.type('yaml').send(ports.openapi));
  app.get('/metrics', requireMetricsToken(ports.metricsToken, ports.clusterToken), async (_request, response) => {
    const { type, body } = await ports.metrics();
    response.set('content-type', type).send(body);
  });

  const cluster = express.Router();
  cluster.use(requireClusterToken(ports.clusterToken), express.json({ limit: '16kb' }));

  cluster.post('/allocate', async (request, response) => {
    const seat = checked(SeatBody, request.body, response);
    if (!seat) return;
    const allocation = await pool.allocate(seat);
    answerAllocation(response, allocation, allocation.kind === 'seated' ? await ports.connectionOf(seat) : undefined);
  });
  cluster.post('/release', async (request, response) => {
    const seat = checked(SeatBody, request.body, response);
    if (!seat) return;
    // First: nothing made for this session opens anything any more, however long its desktop takes to go.
    await ports.endSession(seat);
    const was = await pool.release(seat);
    response.json({ message: was ? 'Desktop released.' : 'No desktop was allocated.' });
  });
  cluster.post('/prewarm', async (request, response) => {
    const asked = checked(prewarmBody(ports.prewarmMax, ports.desktopEnv), request.body, response);
    if (asked) response.json(await pool.prewarm(asked.examId, asked.count, asked.env));
  });
  cluster.post('/reconcile', async (request, response) => {
    const asked = checked(ReconcileQuery, request.query, response);
    if (asked) response.json(await pool.reconcile(asked.dryRun === 'true'));
  });
  cluster.post('/drain', (request, response) => {
    const asked = checked(DrainBody, request.body, response);
    if (!asked) return;
    pool.drain(asked.draining);
    response.json({ draining: asked.draining, drainStatus: pool.drainStatus });
  });
  cluster.get('/history', async (request, response) => {
    const seat = checked(SeatQuery, request.query, response);
    if (seat) response.json(await ports.history(seat));
  });
  cluster.get('/status', async (_request, response) => void response.json(await ports.status()));
  app.use('/api/vdi/cluster', cluster);

  app.use((request, response) => {
    response
      .status(404)
      .json({ error: 'not_found', message: `No ${request.method} ${request.path} here; see /openapi.yaml.` });
  });
  app.use(lastResort(log));
  return app;
}

/** The checked body; undefined after a 400 that names every wrong field. */
function checked<T>(schema: z.ZodType<T>, body: unknown, response: Response): T | undefined {
  const parsed = parseBody(schema, body ?? {});
  if (parsed.ok) return parsed.value;
  const message = parsed.complaints.map(({ field, problem }) => `${field}: ${problem}`).join('; ');
  response.status(400).json({ error: 'bad_request', message, fields: parsed.complaints });
  return undefined;
}

function lastResort(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    if (answerAbsence(response, error)) return;
    const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined;
    if (typeof status === 'number' && status >= 400 && status < 500) {
      response
        .status(status)
        .json({ error: 'bad_request', message: `Body cannot be read: ${(error as Error).message}`, fields: [] });
      return;
    }
    log.error({ error: error instanceof Error ? error.stack : String(error), path: request.path }, 'request failed');
    response.status(500).json({ error: 'internal', message: String(error instanceof Error ? error.message : error) });
  };
}
