import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

/** Lets only callers with the cluster token pass; 401 otherwise. Compared in constant time, by digest, so that length tells nothing. */
export function requireClusterToken(token: string): RequestHandler {
  const expected = digest(token);
  return (request, response, next) => {
    const given = request.get('x-cluster-token');
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return next();
    response.status(401).json({
      error: 'unauthorized',
      message:
        given === undefined
          ? 'Header x-cluster-token is missing.'
          : 'x-cluster-token does not match; WORKER_CLUSTER_TOKEN must be the same on the worker and the control-plane.',
    });
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Lets readers of metrics pass: with a token of their own as `Authorization: Bearer`, where there is one, or the cluster's. */
export function requireMetricsToken(own: string | undefined, clusterToken: string): RequestHandler {
  const expected = own === undefined ? undefined : digest(own);
  const cluster = requireClusterToken(clusterToken);
  return (request, response, next) => {
    const given = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '')?.[1];
    if (expected && given !== undefined && timingSafeEqual(digest(given), expected)) return next();
    return cluster(request, response, next);
  };
}
