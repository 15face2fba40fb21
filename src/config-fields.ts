import { z } from 'zod';

/** Fields of the environment, for the schemas of config. Empty values never get here: config takes them for unset. */
export const required = z.string({ error: 'is required' });

/** A secret: no default, so that an unset one stops the start. */
export const secret = (length: number) =>
  z.string({ error: 'is required and has no default' }).min(length, `must have at least ${length} characters`);

export const text = (fallback: string) => z.string().default(fallback);

export const whole = (fallback: number, min: number, max: number) =>
  z.coerce.number({ error: 'must be a number' }).int().min(min).max(max).default(fallback);

/** A number that need not be whole, such as cores. */
export const amount = (min: number, max: number) => z.coerce.number({ error: 'must be a number' }).min(min).max(max);

export const flag = (fallback: boolean) => z.stringbool({ error: 'must be true or false' }).default(fallback);

/** The cluster token under its name or its older one; every reader of it needs one of them. */
export const clusterTokenFields = {
  WORKER_CLUSTER_TOKEN: secret(16).optional(),
  /** Older name of WORKER_CLUSTER_TOKEN. */
  WORKER_HEARTBEAT_TOKEN: secret(16).optional(),
};

/** The token of these fields; an issue on WORKER_CLUSTER_TOKEN when neither is set. */
export function clusterToken(
  env: { readonly WORKER_CLUSTER_TOKEN?: string | undefined; readonly WORKER_HEARTBEAT_TOKEN?: string | undefined },
  context: z.RefinementCtx,
): string {
  const token = env.WORKER_CLUSTER_TOKEN ?? env.WORKER_HEARTBEAT_TOKEN;
  if (token === undefined) {
    context.addIssue({ code: 'custom', path: ['WORKER_CLUSTER_TOKEN'], message: 'is required and has no default' });
  }
  return token ?? '';
}
