import express, { type Express, type RequestHandler } from 'express';
import { requestIdOf } from '../../callers/call-headers.ts';
import { withRequestId } from '../../callers/request-context.ts';
import type { FinishPorts } from '../finish.ts';
import type { Log } from '../ports.ts';
import type { Asset } from '../web-assets.ts';
import { answerErrors } from './answer-errors.ts';
import { refuse } from './answers.ts';
import { examRoutes } from './exam-routes.ts';
import { heartbeatRoute } from './heartbeat-route.ts';
import { importRoute } from './import-route.ts';
import { type LiveRoutePorts, liveRoutes } from './live-routes.ts';
import { loginRoutes } from './login.ts';
import { type OperatorPorts, operatorRoutes } from './operator-routes.ts';
import { pageRoutes } from './pages.ts';
import { type SessionRoutePorts, sessionRoutes } from './session-routes.ts';
import { type SittingPorts, sittingRoutes } from './sitting-routes.ts';
import { userRoutes } from './user-routes.ts';
import { watchRoute } from './watch-route.ts';
import { type WorkerRoutePorts, workerRoutes } from './worker-routes.ts';

export interface ControlPlanePorts
  extends SittingPorts,
    FinishPorts,
    OperatorPorts,
    WorkerRoutePorts,
    SessionRoutePorts,
    LiveRoutePorts {
  readonly databaseAnswers: () => Promise<boolean>;
  /** A failure that is the database's being away: the same call may do in a moment. */
  readonly isDatabaseAway: (error: unknown) => boolean;
  /** A text that the database cannot take: the caller's fault. */
  readonly isUnstorable: (error: unknown) => boolean;
  /** Text of docs/openapi.yaml. */
  readonly openapi: string;
  readonly assets: ReadonlyMap<string, Asset>;
  readonly clock: SittingPorts['clock'];
  readonly log: Log;
  readonly settings: SittingPorts['settings'];
}

export function controlPlaneApp(ports: ControlPlanePorts): Express {
  const app = express();
  app.disable('x-powered-by');
  // Only a proxy on a private address is believed about who calls and whether TLS was used.
  app.set('trust proxy', ['loopback', 'linklocal', 'uniquelocal']);
  app.use(logRequests(ports.log));

  app.get('/healthz', async (_request, response) => {
    const database = await ports.databaseAnswers();
    response.status(database ? 200 : 503).json({ ok: database, database: database ? 'up' : 'down' });
  });
  app.get('/openapi.yaml', (_request, response) => void response.type('yaml').send(ports.openapi));
  app.use('/api', express.json({ limit: '256kb' }));
  // Answers hold tokens and other people's states: nothing between here and the browser may keep them.
  app.use('/api', (_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  const live = liveRoutes(ports);
  app.use('/api', loginRoutes(ports), heartbeatRoute(ports), sittingRoutes(ports));
  app.use(
    '/api',
    live.afterChanges,
    examRoutes(ports),
    operatorRoutes(ports),
    workerRoutes(ports),
    sessionRoutes(ports),
    userRoutes(ports),
    importRoute(ports),
    watchRoute(ports),
    live.router,
  );
  app.use('/api', (_request, response) => refuse(response, 404, { error: 'not_found', message: 'No such call.' }));
  app.use(pageRoutes(ports.assets));
  app.use(answerErrors(ports));
  return app;
}

/** Path without its query: tokens travel in queries. Health checks and assets would only hide the rest. */
function logRequests(log: Log): RequestHandler {
  return (request, response, next) => {
    const requestId = requestIdOf(request.get('x-request-id'));
    response.locals.requestId = requestId;
    response.set('x-request-id', requestId);
    const began = performance.now();
    // Routers shorten the url on their way; what came in is what the log needs.
    const path = request.path;
    response.on('finish', () => {
      if (!path.startsWith('/api/') || request.method === 'GET') return;
      // A heartbeat that went well comes every few seconds from every worker.
      if (path.endsWith('/heartbeat') && response.statusCode === 200) return;
      const ms = Math.round(performance.now() - began);
      log.info({ requestId, method: request.method, path, status: response.statusCode, ms }, 'request');
    });
    // The calls to workers that come of it carry the same id.
    withRequestId(requestId, next);
  };
}
