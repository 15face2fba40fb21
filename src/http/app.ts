import type { BlockList } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { Log } from '../pool/ports.ts';
import { type ClusterPorts, clusterCalls } from './cluster-calls.ts';
import { clusterEntrance, giveRequestId, headOf } from './cluster-entrance.ts';
import type { ClusterGate } from './cluster-gate.ts';
import type { ClusterTally } from './cluster-tally.ts';
import { refusalReply } from './gate-refusals.ts';
import { absenceReply, send } from './replies.ts';

export interface AppPorts extends ClusterPorts {
  readonly gate: ClusterGate;
  readonly tally: ClusterTally;
  /** Networks of the proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: BlockList;
  /** Opens /metrics beside the cluster's token. */
  readonly metricsToken?: string | undefined;
  /** Counts for Prometheus. */
  metrics(): Promise<{ readonly type: string; readonly body: string }>;
  /** Milliseconds that never jump. */
  uptime(): number;
  /** Text of docs/openapi.yaml. */
  readonly openapi: string;
  /** What stands in the way of serving students; empty when all is well. */
  reasons(): readonly string[];
  /** How the container engine answers. */
  engine(): object;
  /** What is not as it should be, though students are served. */
  degraded(): readonly string[];
}

export function workerApp(ports: AppPorts): Express {
  const { pool, log } = ports;
  const app = express();
  app.disable('x-powered-by');
  app.use(giveRequestId);

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
  app.get('/metrics', requireMetricsToken(ports), async (_request, response) => {
    const { type, body } = await ports.metrics();
    response.set('content-type', type).send(body);
  });
  app.use('/api/vdi/cluster', clusterEntrance(ports), clusterCalls(ports));

  app.use((request, response) => {
    response
      .status(404)
      .json({ error: 'not_found', message: `No ${request.method} ${request.path} here; see /openapi.yaml.` });
  });
  app.use(lastResort(log));
  return app;
}

/** Lets readers of metrics pass: with a token of their own as `Authorization: Bearer`, where there is one, or the cluster's. */
function requireMetricsToken({ gate, trustedProxies, metricsToken }: AppPorts): RequestHandler {
  const others = metricsToken === undefined ? [] : [metricsToken];
  return (request, response, next) => {
    const bearer = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '')?.[1];
    const { address, token } = headOf(request, trustedProxies);
    const isBearer = token === undefined && bearer !== undefined;
    const verdict = isBearer ? gate.mayRead(address, bearer, others) : gate.mayRead(address, token);
    if (verdict === true) return next();
    send(response, refusalReply(verdict));
  };
}

function lastResort(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const absent = absenceReply(error);
    if (absent) return send(response, absent);
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
