import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Log } from '../ports.ts';
import { type Problem, refuse } from './answers.ts';

/** An answer of many lines, whose end may still be bad. */
export const NDJSON = 'application/x-ndjson';

interface ErrorPorts {
  /** A failure that is the database's being away: the same call may do in a moment. */
  readonly isDatabaseAway: (error: unknown) => boolean;
  /** A text that the database cannot take: the caller's fault. */
  readonly isUnstorable: (error: unknown) => boolean;
  readonly log: Log;
}

/** The one place where an unexpected error is logged. Express' own (malformed JSON, body too large) carry their status. */
export function answerErrors(ports: ErrorPorts): ErrorRequestHandler {
  return (error, request, response, next) => {
    const [status, problem] = problemOf(ports, error, request, response);
    if (!response.headersSent) {
      if (status === 503) response.set('Retry-After', '3');
      return refuse(response, status, problem);
    }
    // It began well: whoever reads its lines would take a cut line for a lost network.
    if (!String(response.getHeader('content-type')).startsWith(NDJSON)) return next(error);
    response.end(`${JSON.stringify(problem)}\n`);
  };
}

function problemOf(
  { log, isDatabaseAway, isUnstorable }: ErrorPorts,
  // biome-ignore lint/suspicious/noExplicitAny: Express hands on whatever was thrown
  error: any,
  { method, path }: Request,
  response: Response,
): [number, Problem] {
  const status = typeof error?.status === 'number' ? error.status : 500;
  if (error?.type === 'entity.too.large') {
    const message = `The body is larger than ${Math.floor(error.limit / 1024)} KB: send less at once.`;
    return [413, { error: 'too_large', message }];
  }
  if (status < 500) return [status, { error: 'invalid_request', message: String(error.message) }];
  if (isUnstorable(error)) {
    return [400, { error: 'invalid_request', message: 'A text holds a character that cannot be stored (NUL).' }];
  }
  const requestId = String(response.locals.requestId);
  if (isDatabaseAway(error)) {
    log.warn({ reason: error.message || error.code, requestId, method, path }, 'the database is away');
    const message = 'The server’s database does not answer at the moment. Try again in a few seconds.';
    return [503, { error: 'database_away', message, requestId }];
  }
  // PostgreSQL tells the row that it did not take: a user's has his password's hash.
  if (error instanceof Error) Reflect.deleteProperty(error, 'detail');
  log.error({ err: error, requestId, method, path }, 'request failed');
  const message = 'Something went wrong on the server. Try again; if it stays, give the administrator this request id.';
  return [500, { error: 'internal', message, requestId }];
}
