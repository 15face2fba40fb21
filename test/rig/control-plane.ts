import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loginTokens, type Role } from '../../src/control-plane/login-token.ts';
import { type DatabaseAddress, openDatabase } from '../../src/postgres/database.ts';
import { userStore } from '../../src/postgres/user-store.ts';
import { freePort, type Secrets } from './rig.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const UP_MS = 30_000;
const ACCESS_CODE = 'FLEET-1';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
  readonly body: any;
}

/** One real process of the control-plane, which a test can kill and start again; its address stays the same. */
export class ControlPlaneProcess {
  readonly #env: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  port = 0;
  /** All that it has written. */
  log = '';

  constructor(secrets: Secrets, { host, port, user, password, database }: DatabaseAddress, env: object = {}) {
    this.#env = {
      PATH: process.env.PATH ?? '',
      DB_HOST: host,
      DB_PORT: String(port),
      DB_USER: user,
      DB_PASSWORD: password,
      DB_NAME: database,
      JWT_SECRET: secrets.jwtSecret,
      GUAC_TOKEN_KEY: secrets.guacTokenKey,
      WORKER_CLUSTER_TOKEN: secrets.clusterToken,
      ...env,
    };
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async start(): Promise<this> {
    this.port ||= await freePort();
    const started = spawn(process.execPath, ['src/control-plane.ts'], {
      cwd: root,
      env: { ...this.#env, CONTROL_PLANE_PORT: String(this.port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = started;
    for (const stream of [started.stdout, started.stderr])
      stream?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    for (const end = Date.now() + UP_MS; Date.now() < end; await pause(100)) {
      if (!this.isRunning) throw new Error(`the control-plane ended: ${this.log}`);
      const answer = await fetch(`${this.url}/healthz`).catch(() => undefined);
      if (answer?.ok) return this;
    }
    throw new Error(`the control-plane did not come up: ${this.log}`);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const running = this.#process;
    if (!running || !this.isRunning) return;
    const gone = once(running, 'exit');
    running.kill(signal);
    await gone;
  }

  async call(method: string, path: string, token: string, body?: object): Promise<Answer> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, body: await answer.json() };
  }

  /** Makes an exam that runs now. */
  async newExam(admin: string, name: string): Promise<number> {
    const [startTime, endTime] = [-60_000, 3_600_000].map((ms) => new Date(Date.now() + ms).toISOString());
    const answer = await this.call('POST', '/api/exams', admin, { name, accessCode: ACCESS_CODE, startTime, endTime });
    if (answer.status !== 201) throw new Error(`no exam: ${JSON.stringify(answer)}`);
    return answer.body.id;
  }

  join(student: string, examId: number): Promise<Answer> {
    return this.call('POST', `/api/exams/${examId}/join`, student, { accessCode: ACCESS_CODE });
  }
}

export interface Person {
  readonly id: number;
  readonly token: string;
}

/** Users made in the database as such, with their logins: two hundred need no two hundred hashed passwords. */
export async function newPeople(
  secrets: Secrets,
  address: DatabaseAddress,
  role: Role,
  names: readonly string[],
): Promise<Person[]> {
  const database = openDatabase(address, { name: 'people', connections: 4 }, () => undefined);
  const tokens = loginTokens(secrets.jwtSecret);
  const users = userStore(database);
  try {
    return await Promise.all(
      names.map(async (username) => {
        const user = await users.create({ username, name: '', role, passwordHash: 'none fits' });
        if (typeof user === 'string') throw new Error(`${username}: ${user}`);
        return { id: user.id, token: await tokens.issue({ userId: user.id, username, role }, new Date()) };
      }),
    );
  } finally {
    await database.close();
  }
}
