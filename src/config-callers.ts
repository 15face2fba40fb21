import type { z } from 'zod';
import { flag, networks, secret, text } from './config-fields.ts';

/** Both sides of the cluster's calls know it; the previous one is taken while it is being changed. */
export const clusterTokenFields = {
  WORKER_CLUSTER_TOKEN: secret(8),
  WORKER_CLUSTER_TOKEN_PREVIOUS: secret(8).optional(),
};

/** Who may make cluster calls, and how. */
export const callerFields = {
  ...clusterTokenFields,
  WORKER_ALLOWED_CALLERS: networks,
  WORKER_REQUIRE_SIGNED_CALLS: flag(false),
  /** Service of this worker that asks the backend, whatever callers are allowed. */
  HEARTBEAT_HOST: text('worker_heartbeat'),
};

type TokenFields = z.output<z.ZodObject<typeof clusterTokenFields>>;
type CallerFields = z.output<z.ZodObject<typeof callerFields>>;

/** The current one first. */
export function clusterTokens(env: TokenFields): readonly [string, ...string[]] {
  const { WORKER_CLUSTER_TOKEN: current, WORKER_CLUSTER_TOKEN_PREVIOUS: previous } = env;
  return previous === undefined || previous === current ? [current] : [current, previous];
}

export function callerSettings(env: CallerFields) {
  return {
    allowed: env.WORKER_ALLOWED_CALLERS,
    requireSigned: env.WORKER_REQUIRE_SIGNED_CALLS,
    ownServices: [env.HEARTBEAT_HOST],
  };
}
