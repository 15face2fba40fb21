import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OWN_ENV_FILE = `${ROOT}.worker/e2e/env.worker`;

/** The worker that the tests drive, and how they log in there. */
export interface Target {
  readonly consoleUrl: string;
  readonly adminPassword: string;
  readonly studentPassword: string;
  readonly project: string;
}

/** What the tests read; run.ts sets it. */
export function targetOf(env: NodeJS.ProcessEnv): Target {
  const need = (name: string) => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set: start these tests by npm run e2e`);
    return value;
  };
  return {
    consoleUrl: need('CONSOLE_URL').replace(/\/+$/, ''),
    adminPassword: need('CONSOLE_ADMIN_PASSWORD'),
    studentPassword: need('CONSOLE_STUDENT_PASSWORD'),
    project: need('COMPOSE_PROJECT_NAME'),
  };
}

/** The worker whose settings file stands in WORKER_ENV_FILE, if it runs. */
export async function runningTarget(envFile: string | undefined): Promise<Target | undefined> {
  if (!envFile || !existsSync(envFile)) return undefined;
  const env = parseEnv(readFileSync(envFile, 'utf8'));
  const consoleUrl = `http://127.0.0.1:${env.CONSOLE_PORT || 8080}`;
  const healthy = await fetch(`${consoleUrl}/healthz`).then(
    (response) => response.ok,
    () => false,
  );
  if (!healthy) return undefined;
  const project = process.env.COMPOSE_PROJECT_NAME || `vdi-worker-${env.WORKER_CODE}`;
  const command = { ...process.env, WORKER_ENV_FILE: envFile, COMPOSE_PROJECT_NAME: project };
  const [adminPassword, studentPassword] = ['admin', 'student'].map((user) => newPassword(user, command));
  return { consoleUrl, adminPassword: adminPassword ?? '', studentPassword: studentPassword ?? '', project };
}

/** Nobody knows the old one: it was shown once, at the first start. */
function newPassword(username: string, env: NodeJS.ProcessEnv): string {
  const shown = execFileSync(`${ROOT}bootstrap-worker.sh`, ['password', username], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  return /^\S+ \/ (\S+)$/m.exec(shown)?.[1] ?? '';
}

const OWN_ENV = {
  WORKER_ENV_FILE: OWN_ENV_FILE,
  WORKER_CODE: 'e2e',
  COMPOSE_PROJECT_NAME: 'vdi-worker-e2e',
  WORKER_PUBLIC_PORT: '3800',
  CONSOLE_PORT: '8800',
  EXAM_NET_PREFIX: '10.216',
  TUNNEL_CLIPBOARD: 'both',
  TUNNEL_RECORDING: 'on',
};

/** Brings up a worker of the tests' own beside any that runs here. */
export async function ownTarget(): Promise<Target> {
  mkdirSync(dirname(OWN_ENV_FILE), { recursive: true, mode: 0o700 });
  execFileSync(`${ROOT}bootstrap-worker.sh`, ['up', '--standalone', '--yes'], {
    cwd: ROOT,
    env: { ...process.env, ...OWN_ENV },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const target = await runningTarget(OWN_ENV_FILE);
  if (!target) throw new Error('the worker is up, but its console does not answer: see ./status.sh');
  return target;
}

/** Takes it down with its desktops, its database and its settings. */
export function removeOwnTarget(): void {
  const env = { ...process.env, ...OWN_ENV };
  const run = (file: string, args: string[]) =>
    execFileSync(file, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  run(`${ROOT}stop.sh`, ['--force']);
  // Students' files are kept on purpose; nobody comes back for these.
  const keepers = `label=vdi.keeper=${OWN_ENV.WORKER_CODE}`;
  const carriers = run('docker', ['ps', '--all', '--quiet', '--filter', keepers]).split('\n').filter(Boolean);
  if (carriers.length > 0) run('docker', ['rm', ...carriers]);
  const files = `label=vdi.worker=${OWN_ENV.WORKER_CODE}`;
  const left = run('docker', ['volume', 'ls', '--quiet', '--filter', files]).split('\n').filter(Boolean);
  if (left.length > 0) run('docker', ['volume', 'rm', ...left]);
  const ours = `label=com.docker.compose.project=${OWN_ENV.COMPOSE_PROJECT_NAME}`;
  const volumes = run('docker', ['volume', 'ls', '--quiet', '--filter', ours]).split('\n').filter(Boolean);
  if (volumes.length > 0) run('docker', ['volume', 'rm', ...volumes]);
  rmSync(OWN_ENV_FILE, { force: true });
}
