import { availableParallelism, totalmem } from 'node:os';
import { z } from 'zod';
import { callerFields, callerSettings, clusterTokenFields, clusterTokens } from './config-callers.ts';
import { amount, required, secret, text, whatIsSet, whole } from './config-fields.ts';
import { historyFields, historySettings, requireWholeLogin } from './config-history.ts';
import { policyFields, recordingSettings, tunnelPolicy } from './config-policy.ts';
import { tunnelFields, tunnelSettings, tunnelUrl } from './config-tunnel.ts';
import { controlPlaneSettings, sampleExamSettings } from './control-plane/settings.ts';

/** Stops the start: what is wrong with the environment, every variable named at once. */
export class BadSettings extends Error {
  override name = 'BadSettings';
}

const MB = 1024 * 1024;

/** What heartbeat and backend must agree on: the contract's slots are computed from it on both sides. */
const sizeFields = {
  WORKER_TOTAL_CPUS: amount(0.1, 4096).default(availableParallelism()),
  WORKER_TOTAL_MEMORY_MB: amount(1, 1e9).default(Math.floor(totalmem() / MB)),
  WORKER_RESERVED_CPUS: amount(0, 4096).default(1),
  WORKER_RESERVED_MEMORY_MB: amount(0, 1e9).default(1024),
  EXAM_VM_CPUS: amount(0.01, 256).default(1.5),
  EXAM_VM_MEMORY_MB: amount(128, 1e6).default(2048),
};

type Sizes = { [Name in keyof typeof sizeFields]: z.output<(typeof sizeFields)[Name]> };

function sizes(env: Sizes) {
  return {
    host: {
      cpuCores: env.WORKER_TOTAL_CPUS,
      memoryMb: env.WORKER_TOTAL_MEMORY_MB,
      reservedCpuCores: env.WORKER_RESERVED_CPUS,
      reservedMemoryMb: env.WORKER_RESERVED_MEMORY_MB,
    },
    desktop: { cpuCores: env.EXAM_VM_CPUS, memoryMb: env.EXAM_VM_MEMORY_MB },
  };
}

/** Settings that go on to the desktop's entry point as they are. None is secret. */
const examFields = {
  EXAM_RESTRICT_INTERNET: text('true'),
  EXAM_ALLOWED_DOMAINS: text(''),
  EXAM_ORIGIN_IP: text(''),
  EXAM_ALLOWED_IPS: text(''),
  EXAM_ALLOWED_CIDRS: text(''),
  EXAM_DENIED_IPS: text(''),
  EXAM_FIREWALL_ENFORCE_STRICT: text('true'),
  EXAM_PROOF_EVERY_SEC: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, 'must be whole seconds such as 180')
    .default('180'),
  EXAM_BROWSER_URL: text(''),
  EXAM_BROWSER_AUTOSTART: text('true'),
  EXAM_BROWSER_PREWARM: text('true'),
  EXAM_VM_USERNAME: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,30}$/, 'must be a Linux user name: small letters, digits, - and _')
    .default('student'),
  TZ: text('Asia/Ho_Chi_Minh'),
};

const code = z
  .string({ error: 'is required' })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/, 'must be letters, digits, dots, dashes and underscores');
const netPrefix = z
  .string()
  .regex(/^(1?\d?\d|2[0-4]\d|25[0-5])\.(1?\d?\d|2[0-4]\d|25[0-5])$/, 'must be two numbers such as 10.213')
  .default('10.213');

const workerSettings = z
  .object({
    WORKER_CODE: code,
    WORKER_PORT: whole(3000, 1, 65_535),
    ...callerFields,
    JWT_SECRET: secret(8),
    GUAC_TOKEN_KEY: secret(8),
    ...tunnelFields,
    ...policyFields,
    REDIS_URL: text('redis://worker_redis:6379'),
    GUACD_HOST: z
      .string()
      .regex(/^[^\s,]+(,[^\s,]+)*$/, 'must be a host, or several with commas between them')
      .default('worker_guacd'),
    GUACD_PORT: whole(4822, 1, 65_535),
    DOCKER_SOCKET: text('/var/run/docker.sock'),
    EXAM_NETWORK: required,
    EXAM_NET_PREFIX: netPrefix,
    EXAM_IMAGE_NAME: text('sot-exam-linux:latest'),
    EXAM_VM_CPU_LIMIT: amount(0.05, 256).optional(),
    EXAM_VM_SHM_MB: whole(512, 16, 65_536),
    EXAM_VM_PIDS: whole(1024, 100, 100_000),
    VDI_ALLOCATE_TIMEOUT_SEC: whole(90, 1, 3600),
    VDI_PREWARM_CONCURRENCY: whole(5, 1, 64),
    VDI_PREWARM_MAX: whole(200, 1, 10_000),
    EXAM_WORKSPACE_LIMIT_MB: whole(1024, 0, 1_000_000).refine(
      (mb) => mb === 0 || mb >= 16,
      'must be 16 or more, or 0 for no limit',
    ),
    EXAM_WORKSPACE_KEEP_HOURS: amount(0, 8760).default(72),
    CLUSTER_API_TIMEOUT_MS: whole(15_000, 1000, 600_000),
    ...historyFields,
    ...sizeFields,
    ...examFields,
  })
  .superRefine(requireWholeLogin)
  .transform((env) => ({
    code: env.WORKER_CODE,
    port: env.WORKER_PORT,
    clusterTokens: clusterTokens(env),
    callers: callerSettings(env),
    jwtSecret: env.JWT_SECRET,
    guacTokenKey: env.GUAC_TOKEN_KEY,
    tunnel: tunnelSettings(env),
    policy: tunnelPolicy(env),
    recording: recordingSettings(env),
    redisUrl: env.REDIS_URL,
    guacds: env.GUACD_HOST.split(',').map((host, at) => ({
      name: at === 0 ? 'worker_guacd' : `worker_guacd_${at + 1}`,
      address: { host, port: env.GUACD_PORT },
    })),
    dockerSocket: env.DOCKER_SOCKET,
    workspaceLimitMb: env.EXAM_WORKSPACE_LIMIT_MB,
    workspaceKeepMs: env.EXAM_WORKSPACE_KEEP_HOURS * 3_600_000,
    network: { name: env.EXAM_NETWORK, cidr: `${env.EXAM_NET_PREFIX}.0.0/20` },
    imageName: env.EXAM_IMAGE_NAME,
    cpuLimit: env.EXAM_VM_CPU_LIMIT ?? env.EXAM_VM_CPUS,
    shmMb: env.EXAM_VM_SHM_MB,
    pidsLimit: env.EXAM_VM_PIDS,
    readyTimeoutMs: env.VDI_ALLOCATE_TIMEOUT_SEC * 1000,
    createWidth: env.VDI_PREWARM_CONCURRENCY,
    prewarmMax: env.VDI_PREWARM_MAX,
    // The caller stops listening at its own limit; a fifth of it is left for the way back.
    callTimeoutMs: env.CLUSTER_API_TIMEOUT_MS,
    answerWithinMs: Math.floor(env.CLUSTER_API_TIMEOUT_MS * 0.8),
    ...sizes(env),
    history: historySettings(env),
    username: env.EXAM_VM_USERNAME,
    proofEveryMs: Number(env.EXAM_PROOF_EVERY_SEC) * 1000,
    // As the desktop's entry point reads it: only a clear no counts as no.
    strictLock: !/^(false|0|no|off)$/i.test(env.EXAM_FIREWALL_ENFORCE_STRICT),
    desktopEnv: {
      ...(Object.fromEntries(
        Object.keys(examFields).map((name) => [name, env[name as keyof typeof examFields]]),
      ) as Record<string, string>),
      // The desktop's own part of the same rule: what it does not give, no tunnel can take.
      EXAM_CLIPBOARD: env.TUNNEL_CLIPBOARD,
      // The services' first 32 addresses are guacd's: nobody else may speak RDP to a desktop.
      EXAM_RDP_FROM: `${env.EXAM_NET_PREFIX}.0.0/27`,
    },
  }));

const heartbeatSettings = z
  .object({
    WORKER_CODE: code,
    WORKER_NAME: required,
    WORKER_API_BASE_URL: z.url({ error: 'must be a URL such as http://203.0.113.20:3000' }),
    WORKER_PUBLIC_PORT: whole(3000, 1, 65_535),
    WORKER_TUNNEL_URL: tunnelUrl,
    CONTROL_PLANE_API_BASE: z.url({ error: 'must be a URL that ends in /api' }),
    CONTROL_PLANE_CA_FILE: text(''),
    ...clusterTokenFields,
    WORKER_REQUIRE_SIGNED_CALLS: callerFields.WORKER_REQUIRE_SIGNED_CALLS,
    BACKEND_URL: text('http://worker_backend:3000'),
    HEARTBEAT_INTERVAL_SEC: whole(20, 1, 3600),
    WORKER_HEARTBEAT_TTL_SEC: whole(120, 1, 86_400),
    ...sizeFields,
  })
  .transform((env) => ({
    code: env.WORKER_CODE,
    name: env.WORKER_NAME,
    apiBaseUrl: env.WORKER_API_BASE_URL,
    publicPort: env.WORKER_PUBLIC_PORT,
    tunnelUrl: env.WORKER_TUNNEL_URL ?? null,
    controlPlaneApiBase: env.CONTROL_PLANE_API_BASE.replace(/\/+$/, ''),
    controlPlaneCaFile: env.CONTROL_PLANE_CA_FILE,
    clusterTokens: clusterTokens(env),
    requireSigned: env.WORKER_REQUIRE_SIGNED_CALLS,
    backendUrl: env.BACKEND_URL,
    intervalMs: env.HEARTBEAT_INTERVAL_SEC * 1000,
    ttlMs: env.WORKER_HEARTBEAT_TTL_SEC * 1000,
    ...sizes(env),
  }));

export type WorkerSettings = z.output<typeof workerSettings>;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws BadSettings */
export const readWorkerConfig = (env: Environment = process.env) => read(workerSettings, env);
/** @throws BadSettings */
export const readHeartbeatConfig = (env: Environment = process.env) => read(heartbeatSettings, env);
/** @throws BadSettings */
export const readControlPlaneConfig = (env: Environment = process.env) => read(controlPlaneSettings, env);
/** @throws BadSettings */
export const readSampleExamConfig = (env: Environment = process.env) => read(sampleExamSettings, env);

/** @returns the log level: LOG_LEVEL, else info */
export const readLogLevel = (env: Environment = process.env): string => env.LOG_LEVEL || 'info';

function read<T>(schema: z.ZodType<T>, env: Environment): T {
  const result = schema.safeParse(whatIsSet(env));
  if (result.success) return result.data;
  // The value itself is never shown: it may be a secret.
  const complaints = result.error.issues.map((issue) => `  ${issue.path.join('.')} ${issue.message}`);
  throw new BadSettings(
    `Settings are wrong; mend them in .env.worker and run ./start.sh again:\n${complaints.join('\n')}`,
  );
}
