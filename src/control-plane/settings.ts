import { z } from 'zod';
import { clusterTokenFields, clusterTokens } from '../config-callers.ts';
import { flag, required, secret, text, whatIsSet, whole } from '../config-fields.ts';

/** The control-plane's part of the environment. Secrets have no defaults: an unset one stops the start. */
export const controlPlaneSettings = z
  .preprocess(
    whatIsSet,
    z.object({
      CONTROL_PLANE_PORT: whole(8080, 1, 65_535),
      DB_HOST: required,
      DB_PORT: whole(5432, 1, 65_535),
      DB_USER: required,
      DB_PASSWORD: secret(1),
      DB_NAME: required,
      JWT_SECRET: secret(8),
      GUAC_TOKEN_KEY: secret(8),
      ...clusterTokenFields,
      EXAM_VM_USERNAME: text('student'),
      /** Goes into the token only. Our own worker sets the real one per desktop and never reads this. */
      EXAM_VM_PASSWORD: text(''),
      WORKER_HEARTBEAT_TTL_SEC: whole(120, 1, 86_400),
      WORKER_STICKY_EXAM_TTL_SEC: whole(21_600, 1, 604_800),
      CLUSTER_API_TIMEOUT_MS: whole(15_000, 100, 600_000),
      WORKER_ALLOCATE_RETRY_COUNT: whole(3, 0, 20),
      WORKER_DISPATCH_CLEANUP_ENABLED: flag(true),
      WORKER_DISPATCH_STALE_SEC: whole(21_600, 1, 604_800),
      WORKER_DISPATCH_SCAN_COUNT: whole(200, 1, 10_000),
    }),
  )
  .transform((env) => ({
    port: env.CONTROL_PLANE_PORT,
    database: {
      host: env.DB_HOST,
      port: env.DB_PORT,
      user: env.DB_USER,
      password: env.DB_PASSWORD,
      database: env.DB_NAME,
    },
    jwtSecret: env.JWT_SECRET,
    guacTokenKey: env.GUAC_TOKEN_KEY,
    clusterTokens: clusterTokens(env),
    vmUsername: env.EXAM_VM_USERNAME,
    vmPassword: env.EXAM_VM_PASSWORD,
    heartbeatTtlSec: env.WORKER_HEARTBEAT_TTL_SEC,
    stickyExamTtlSec: env.WORKER_STICKY_EXAM_TTL_SEC,
    clusterTimeoutMs: env.CLUSTER_API_TIMEOUT_MS,
    allocateRetryCount: env.WORKER_ALLOCATE_RETRY_COUNT,
    dispatchCleanupEnabled: env.WORKER_DISPATCH_CLEANUP_ENABLED,
    dispatchStaleSec: env.WORKER_DISPATCH_STALE_SEC,
    dispatchScanCount: env.WORKER_DISPATCH_SCAN_COUNT,
  }));

export type ControlPlaneSettings = z.output<typeof controlPlaneSettings>;

export const sampleExamSettings = z
  .object({ SAMPLE_EXAM_PORT: whole(80, 1, 65_535) })
  .transform((env) => ({ port: env.SAMPLE_EXAM_PORT }));
