import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstStart } from '../../../src/control-plane/first-start.ts';
import { type ControlPlanePorts, controlPlaneApp } from '../../../src/control-plane/http/app.ts';
import type { Role } from '../../../src/control-plane/login-token.ts';
import { loginTokens } from '../../../src/control-plane/login-token.ts';
import { hashPassword } from '../../../src/control-plane/password.ts';
import { controlPlaneSettings } from '../../../src/control-plane/settings.ts';
import { readWebAssets } from '../../../src/control-plane/web-assets.ts';
import { httpWorkerCalls } from '../../../src/control-plane/worker-calls.ts';
import { attemptStore } from '../../../src/postgres/attempt-store.ts';
import { isDatabaseAway } from '../../../src/postgres/away.ts';
import { type DatabaseAddress, openDatabase } from '../../../src/postgres/database.ts';
import { dispatchStore } from '../../../src/postgres/dispatch-store.ts';
import { examStore } from '../../../src/postgres/exam-store.ts';
import { CONTROL_PLANE_TABLES, migrate } from '../../../src/postgres/migrate.ts';
import { isUnstorable } from '../../../src/postgres/refusal.ts';
import { runStore } from '../../../src/postgres/run-store.ts';
import { userStore } from '../../../src/postgres/user-store.ts';
import { waitForDatabase } from '../../../src/postgres/wait.ts';
import { workerStore } from '../../../src/postgres/worker-store.ts';
import { asDescribed, text as openapi } from '../../rig/openapi.ts';
import { heartbeatOf, type Told } from './fake-worker.ts';

export const CLUSTER_TOKEN = 'cluster-token-of-the-test';
export const JWT_SECRET = 'jwt-secret-of-the-test';
export const GUAC_TOKEN_KEY = '0123456789abcdef0123456789abcdef';
export const PASSWORD = 'password-of-the-test';

/** The real control-plane on a real database, with a clock that the test moves. */
export interface Console extends AsyncDisposable {
  readonly url: string;
  readonly ports: ControlPlanePorts;
  now: Date;
  call(method: string, path: string, options?: { token?: string; body?: unknown; type?: string }): Promise<Answer>;
  loginAs(username: string, password?: string): Promise<string>;
  addUser(username: string, role: Role): Promise<{ id: number; token: string }>;
  beat(worker: Told): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look at whatever came
  readonly body: any;
}

const quiet = {
  info: () => {},
  warn: () => {},
  error: (fields: object, message: string) => console.error(message, fields),
};

export async function startConsole(
  address: DatabaseAddress,
  env: Record<string, string> = {},
  port = 0,
): Promise<Console> {
  const settings = controlPlaneSettings.parse({
    DB_HOST: address.host,
    DB_PORT: String(address.port),
    DB_USER: address.user,
    DB_PASSWORD: address.password,
    DB_NAME: address.database,
    JWT_SECRET,
    GUAC_TOKEN_KEY,
    WORKER_CLUSTER_TOKEN: CLUSTER_TOKEN,
    CLUSTER_API_TIMEOUT_MS: '1000',
    ...env,
  });
  const database = openDatabase(address, { name: 'console-test', connections: 20 }, () => {});
  await waitForDatabase(database, quiet);
  await migrate(address, CONTROL_PLANE_TABLES, (reason) => console.error(reason));
  const stopping = new AbortController();
  const ports: ControlPlanePorts = {
    users: userStore(database),
    exams: examStore(database.pool),
    attempts: attemptStore(database.pool),
    workers: workerStore(database),
    dispatches: dispatchStore(database),
    runs: runStore(database.pool),
    calls: httpWorkerCalls({ clusterTokens: settings.clusterTokens, timeoutMs: settings.clusterTimeoutMs }),
    withLock: database.withLock,
    loginTokens: loginTokens(settings.jwtSecret),
    databaseAnswers: database.answers,
    isDatabaseAway,
    isUnstorable,
    assets: await readWebAssets(),
    openapi,
    clock: () => started.now,
    log: quiet,
    settings,
    stopping: stopping.signal,
  };
  const server = createServer(controlPlaneApp(ports));
  const started: Console = {
    url: '',
    ports,
    now: new Date(),
    async call(method, path, { token, body, type = 'application/json' } = {}) {
      const response = await fetch(`${this.url}${path}`, {
        method,
        headers: {
          ...(token ? { authorization: `Bearer ${token}` } : {}),
          ...(body === undefined ? {} : { 'content-type': type }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const { status, headers } = response;
      const text = await response.text();
      const isJson = headers.get('content-type')?.includes('json') ?? false;
      return asDescribed('control-plane', { method, path, status, headers, body: isJson ? JSON.parse(text) : text });
    },
    async loginAs(username, password = PASSWORD) {
      const { body } = await this.call('POST', '/api/auth/login', { body: { username, password } });
      return String(body.access_token);
    },
    async addUser(username, role) {
      const made = await ports.users.create({ username, name: '', role, passwordHash: await cheapHash });
      const user = typeof made === 'string' ? await ports.users.byName(username) : made;
      if (!user) throw new Error(`no user ${username}`);
      const { id, passwordVersion } = user;
      return { id, token: await ports.loginTokens.issue({ userId: id, username, role, passwordVersion }, started.now) };
    },
    async beat(told) {
      const path = '/api/vdi/workers/heartbeat';
      const response = await fetch(this.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-worker-token': CLUSTER_TOKEN },
        body: JSON.stringify(heartbeatOf(told)),
      });
      const { status, headers } = response;
      return asDescribed('control-plane', { method: 'POST', path, status, headers, body: await response.json() });
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.close();
    },
  };
  for (const { username } of await firstStart(ports)) {
    const user = await ports.users.byName(username);
    if (user) await ports.users.change(user.id, { passwordHash: await cheapHash });
  }
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return Object.assign(started, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

// Made once: two hundred students need no two hundred real hashes.
const cheapHash = hashPassword(PASSWORD);
