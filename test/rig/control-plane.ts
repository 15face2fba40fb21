import { loginTokens, type Role } from '../../src/control-plane/login-token.ts';
import { type DatabaseAddress, openDatabase } from '../../src/postgres/database.ts';
import { userStore } from '../../src/postgres/user-store.ts';
import { freePort, type Secrets } from './rig.ts';
import { ServedProcess } from './served-process.ts';

const ACCESS_CODE = 'FLEET-1';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
  readonly body: any;
}

/** What an admin and students ask of a control-plane, wherever it runs. */
export abstract class ControlPlane {
  abstract readonly url: string;

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

/** One real process of the control-plane, which a test can kill and start again; its address stays the same. */
export class ControlPlaneProcess extends ControlPlane {
  readonly #env: Readonly<Record<string, string>>;
  readonly #process = new ServedProcess('src/control-plane.ts');
  port = 0;

  constructor(secrets: Secrets, { host, port, user, password, database }: DatabaseAddress, env: object = {}) {
    super();
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
    return this.#process.pid !== undefined;
  }

  /** All that it has written. */
  get log(): string {
    return this.#process.log;
  }

  async start(): Promise<this> {
    this.port ||= await freePort();
    await this.#process.start({ ...this.#env, CONTROL_PLANE_PORT: String(this.port) }, this.url);
    return this;
  }

  stop(signal?: NodeJS.Signals): Promise<void> {
    return this.#process.stop(signal);
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
