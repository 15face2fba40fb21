import { describe, expect, test } from 'vitest';
import { BadSettings, readHeartbeatConfig, readLogLevel, readWorkerConfig } from '../../src/config.ts';

const SECRET = 'a-secret-that-must-never-be-shown';
const WORKER = {
  WORKER_CODE: 'worker-02',
  WORKER_CLUSTER_TOKEN: SECRET,
  JWT_SECRET: SECRET,
  GUAC_TOKEN_KEY: SECRET,
  EXAM_NETWORK: 'w_exam_net',
};
const HEARTBEAT = {
  WORKER_CODE: 'worker-02',
  WORKER_NAME: 'Worker 02',
  WORKER_API_BASE_URL: 'http://203.0.113.20:3000',
  CONTROL_PLANE_API_BASE: 'https://main.example.edu/api',
  WORKER_CLUSTER_TOKEN: SECRET,
};

function complaint(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(BadSettings);
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

test('with the required ones set, the rest has the defaults of seed and contract', () => {
  expect(readWorkerConfig(WORKER)).toMatchObject({
    code: 'worker-02',
    port: 3000,
    tunnel: {
      requireJwt: false,
      allowedOrigins: [],
      jwtCookie: 'access_token',
      secondTab: 'takeover',
      keepAliveMs: 10_000,
      url: undefined,
    },
    imageName: 'sot-exam-linux:latest',
    desktop: { cpuCores: 1.5, memoryMb: 2048 },
    host: { reservedCpuCores: 1, reservedMemoryMb: 1024 },
    cpuLimit: 1.5,
    shmMb: 512,
    readyTimeoutMs: 90_000,
    createWidth: 5,
    prewarmMax: 200,
    network: { name: 'w_exam_net', cidr: '10.213.0.0/20' },
    username: 'student',
    desktopEnv: {
      EXAM_RESTRICT_INTERNET: 'true',
      EXAM_FIREWALL_ENFORCE_STRICT: 'true',
      EXAM_RDP_FROM: '10.213.0.0/27',
    },
  });
  expect(readHeartbeatConfig(HEARTBEAT)).toMatchObject({ intervalMs: 20_000, ttlMs: 120_000, tunnelUrl: null });
});

test('students’ files have a limit of 1 GB unless said otherwise: none, or enough to work with', () => {
  const limit = (mb: string) => readWorkerConfig({ ...WORKER, EXAM_WORKSPACE_LIMIT_MB: mb }).workspaceLimitMb;
  expect(readWorkerConfig(WORKER).workspaceLimitMb).toBe(1024);
  expect([limit('0'), limit('16'), limit('4096')]).toEqual([0, 16, 4096]);
  for (const wrong of ['15', '-1', '1.5', 'much']) expect(() => limit(wrong)).toThrow(/EXAM_WORKSPACE_LIMIT_MB/);
});

test('students’ files are kept for three days unless said otherwise; never for less than no time', () => {
  expect(readWorkerConfig(WORKER).workspaceKeepMs).toBe(72 * 3_600_000);
  expect(readWorkerConfig({ ...WORKER, EXAM_WORKSPACE_KEEP_HOURS: '0.5' }).workspaceKeepMs).toBe(1_800_000);
  expect(readWorkerConfig({ ...WORKER, EXAM_WORKSPACE_KEEP_HOURS: '0' }).workspaceKeepMs).toBe(0);
  const wrong = { ...WORKER, EXAM_WORKSPACE_KEEP_HOURS: '-1' };
  expect(() => readWorkerConfig(wrong)).toThrow(/EXAM_WORKSPACE_KEEP_HOURS/);
});

test('who may open a tunnel: pages and proxies by lists, with spaces or without', () => {
  const { tunnel } = readWorkerConfig({
    ...WORKER,
    TUNNEL_ALLOWED_ORIGINS: 'https://exam.school.test,https://*.uni.test:8443 http://localhost:8080',
    TUNNEL_TRUSTED_PROXIES: '10.0.0.5, 192.168.0.0/16, fd00::/8',
  });
  expect(tunnel.allowedOrigins).toEqual([
    'https://exam.school.test',
    'https://*.uni.test:8443',
    'http://localhost:8080',
  ]);
  const isTrusted = (address: string, type: 'ipv4' | 'ipv6' = 'ipv4') => tunnel.trustedProxies.check(address, type);
  expect(['10.0.0.5', '10.0.0.6', '192.168.7.7'].map((each) => isTrusted(each))).toEqual([true, false, true]);
  expect(isTrusted('fd12::1', 'ipv6')).toBe(true);
});

test('allocate answers inside the caller’s limit, whatever that is', () => {
  for (const limit of [1_000, 15_000, 60_000])
    expect(readWorkerConfig({ ...WORKER, CLUSTER_API_TIMEOUT_MS: String(limit) }).answerWithinMs).toBeLessThan(limit);
});

test('every unset secret and required setting is named at once', () => {
  const told = complaint(() => readWorkerConfig({}));
  for (const name of Object.keys(WORKER)) expect(told).toContain(name);
  const toldByHeartbeat = complaint(() => readHeartbeatConfig({}));
  for (const name of Object.keys(HEARTBEAT)) expect(toldByHeartbeat).toContain(name);
});

test('what to do next is said', () => {
  expect(complaint(() => readWorkerConfig({}))).toMatch(/\.env\.worker.*start\.sh/);
});

test.each(['WORKER_CLUSTER_TOKEN', 'JWT_SECRET', 'GUAC_TOKEN_KEY'])(
  '%s has no default: unset or empty stops the start',
  (name) => {
    expect(complaint(() => readWorkerConfig({ ...WORKER, [name]: undefined }))).toContain(name);
    expect(complaint(() => readWorkerConfig({ ...WORKER, [name]: '' }))).toContain(name);
  },
);

test('an empty value means "not set": the default counts', () => {
  const read = readWorkerConfig({ ...WORKER, EXAM_VM_CPUS: '', EXAM_VM_CPU_LIMIT: '', WORKER_TOTAL_CPUS: '', TZ: '' });
  expect(read.desktop.cpuCores).toBe(1.5);
  expect(read.host.cpuCores).toBeGreaterThan(0);
  expect(read.desktopEnv).toMatchObject({ TZ: 'Asia/Ho_Chi_Minh' });
  expect(readLogLevel({ LOG_LEVEL: '' })).toBe('info');
});

test('the older name of the cluster token counts, the newer one wins', () => {
  const { WORKER_CLUSTER_TOKEN: _, ...rest } = WORKER;
  expect(readWorkerConfig({ ...rest, WORKER_HEARTBEAT_TOKEN: 'the older name of it' }).clusterTokens[0]).toBe(
    'the older name of it',
  );
  expect(readWorkerConfig({ ...WORKER, WORKER_HEARTBEAT_TOKEN: 'the older name of it' }).clusterTokens[0]).toBe(SECRET);
  expect(
    readWorkerConfig({ ...WORKER, WORKER_CLUSTER_TOKEN: '', WORKER_HEARTBEAT_TOKEN: 'the older name of it' })
      .clusterTokens[0],
  ).toBe('the older name of it');
});

test('the burst limit is another number than the planning figure', () => {
  const read = readWorkerConfig({ ...WORKER, EXAM_VM_CPUS: '0.1', EXAM_VM_CPU_LIMIT: '1.5' });
  expect([read.desktop.cpuCores, read.cpuLimit]).toEqual([0.1, 1.5]);
});

test('no secret is among what a desktop is told', () => {
  const told = JSON.stringify(readWorkerConfig({ ...WORKER, EXAM_VM_PASSWORD: SECRET }).desktopEnv);
  expect(told).not.toContain(SECRET);
});

test('a trailing slash of the control-plane’s base does no harm', () => {
  const read = readHeartbeatConfig({ ...HEARTBEAT, CONTROL_PLANE_API_BASE: 'http://main/api/' });
  expect(read.controlPlaneApiBase).toBe('http://main/api');
});

test.each([
  ['WORKER_CODE', 'Worker 02!'],
  ['WORKER_PORT', 'three thousand'],
  ['WORKER_PORT', '70000'],
  ['WORKER_CLUSTER_TOKEN', 'short'],
  ['TUNNEL_REQUIRE_JWT', 'perhaps'],
  ['TUNNEL_SECOND_TAB', 'both'],
  ['TUNNEL_KEEPALIVE_SEC', '0'],
  ['TUNNEL_KEEPALIVE_SEC', '16'],
  ['TUNNEL_JWT_COOKIE', 'login=1'],
  ['TUNNEL_ALLOWED_ORIGINS', 'https://exam.school.test/page'],
  ['TUNNEL_ALLOWED_ORIGINS', 'https://exam.school.test, other.school.test'],
  ['TUNNEL_ALLOWED_ORIGINS', 'https://exam.*.test'],
  ['TUNNEL_TRUSTED_PROXIES', 'proxy.school.test'],
  ['TUNNEL_TRUSTED_PROXIES', '10.9.0.0/33'],
  ['TUNNEL_TRUSTED_PROXIES', '10.9.0.0/'],
  ['WORKER_TUNNEL_URL', 'https://worker.school.test'],
  ['METRICS_TOKEN', 'short'],
  ['EXAM_NET_PREFIX', '10.213.0'],
  ['EXAM_NET_PREFIX', '999.1'],
  ['EXAM_VM_CPUS', '0'],
  ['EXAM_VM_CPUS', '-1'],
  ['EXAM_VM_MEMORY_MB', 'much'],
  ['EXAM_VM_USERNAME', 'root;rm'],
  ['VDI_PREWARM_CONCURRENCY', '0'],
])('%s=%s is refused by name, and the value is not shown', (name, value) => {
  const told = complaint(() => readWorkerConfig({ ...WORKER, [name]: value }));
  expect(told).toContain(name);
  expect(told.split('\n').slice(1).join('\n')).not.toContain(value === '0' ? '\u0000' : value);
  expect(told).not.toContain(SECRET);
});

test('without DB_HOST, or with none, the history stays on the worker; with it the whole login is needed', () => {
  expect(readWorkerConfig(WORKER).history.database).toBeUndefined();
  expect(readWorkerConfig({ ...WORKER, DB_HOST: 'none' }).history.database).toBeUndefined();
  const said = complaint(() => readWorkerConfig({ ...WORKER, DB_HOST: '10.0.0.9', DB_USER: 'vdi' }));
  expect(said).toContain('DB_PASSWORD is required where DB_HOST is set');
  expect(said).toContain('DB_NAME');
  expect(said).not.toContain('DB_USER');
  const login = { DB_HOST: '10.0.0.9', DB_USER: 'vdi', DB_PASSWORD: SECRET, DB_NAME: 'main' };
  expect(readWorkerConfig({ ...WORKER, ...login }).history.database).toEqual({
    host: '10.0.0.9',
    port: 5432,
    user: 'vdi',
    password: SECRET,
    database: 'main',
  });
});

describe('who may make cluster calls', () => {
  test('the token before this one is taken beside it, where there is one', () => {
    const PREVIOUS = 'the token before it';
    expect(readWorkerConfig(WORKER).clusterTokens).toEqual([SECRET]);
    expect(readWorkerConfig({ ...WORKER, WORKER_CLUSTER_TOKEN_PREVIOUS: '' }).clusterTokens).toEqual([SECRET]);
    expect(readWorkerConfig({ ...WORKER, WORKER_CLUSTER_TOKEN_PREVIOUS: SECRET }).clusterTokens).toEqual([SECRET]);
    expect(readWorkerConfig({ ...WORKER, WORKER_CLUSTER_TOKEN_PREVIOUS: PREVIOUS }).clusterTokens).toEqual([
      SECRET,
      PREVIOUS,
    ]);
  });

  test('one that is too short, or a list that is none, stops the start and is named', () => {
    for (const [name, value] of [
      ['WORKER_CLUSTER_TOKEN_PREVIOUS', 'short'],
      ['WORKER_ALLOWED_CALLERS', 'control-plane.example.edu'],
      ['WORKER_ALLOWED_CALLERS', '10.0.0.0/33'],
      ['WORKER_REQUIRE_SIGNED_CALLS', 'perhaps'],
    ] as const)
      expect(() => readWorkerConfig({ ...WORKER, [name]: value })).toThrow(name);
  });

  test('are all who know the token, unless addresses or signatures are asked for', () => {
    const { allowed, requireSigned } = readWorkerConfig(WORKER).callers;
    expect([allowed.rules, requireSigned]).toEqual([[], false]);
    const asked = { WORKER_ALLOWED_CALLERS: '10.0.0.5, 2001:db8::/64', WORKER_REQUIRE_SIGNED_CALLS: 'true' };
    const { callers } = readWorkerConfig({ ...WORKER, ...asked });
    expect([callers.allowed.check('10.0.0.5'), callers.allowed.check('10.0.0.6'), callers.requireSigned]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
