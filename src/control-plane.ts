import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type Logger, pino } from 'pino';
import { requestFields } from './callers/request-context.ts';
import { BadSettings, readControlPlaneConfig, readLogLevel } from './config.ts';
import { controlPlaneApp } from './control-plane/http/app.ts';
import { loginTokens } from './control-plane/login-token.ts';
import { logWarnings } from './control-plane/process-warnings.ts';
import { reconcileUnlessYoung } from './control-plane/reconcile.ts';
import { repeat } from './control-plane/repeat.ts';
import { readWebAssets } from './control-plane/web-assets.ts';
import { httpWorkerCalls } from './control-plane/worker-calls.ts';
import { attemptStore } from './postgres/attempt-store.ts';
import { isDatabaseAway } from './postgres/away.ts';
import { openDatabase } from './postgres/database.ts';
import { dispatchStore } from './postgres/dispatch-store.ts';
import { examStore } from './postgres/exam-store.ts';
import { CONTROL_PLANE_TABLES, migrate } from './postgres/migrate.ts';
import { isUnstorable } from './postgres/refusal.ts';
import { runStore } from './postgres/run-store.ts';
import { userStore } from './postgres/user-store.ts';
import { waitForDatabase } from './postgres/wait.ts';
import { workerStore } from './postgres/worker-store.ts';

/** A hand-in whose worker was away is released so soon after it is back. */
const RECONCILE_EVERY_MS = 60_000;
const FORGET_ATTEMPTS_EVERY_MS = 60_000;

async function main(): Promise<void> {
  const settings = readControlPlaneConfig();
  const log = pino({ level: readLogLevel(), mixin: requestFields });
  logWarnings(log);

  const use = { name: 'control-plane', connections: 20 };
  const database = openDatabase(settings.database, use, (err) =>
    log.warn({ err }, 'an idle database connection broke'),
  );
  await waitForDatabase(database, log);
  const applied = await migrate(settings.database, CONTROL_PLANE_TABLES, (reason) =>
    log.error({ reason }, 'a migration failed'),
  );
  if (applied.length > 0) log.info({ applied }, 'migrations applied');

  const stopping = new AbortController();
  const ports = {
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
    openapi: await readFile(new URL('../docs/openapi.yaml', import.meta.url), 'utf8'),
    clock: () => new Date(),
    log,
    settings,
    stopping: stopping.signal,
  };
  // The password of the first one must not go to a service's output, which the engine keeps in a file.
  if ((await ports.users.count('ADMIN')) === 0)
    log.warn(
      {},
      'there is no administrator yet: ./start.sh makes one and shows the password, as does ./bootstrap-worker.sh password',
    );

  const server = createServer(controlPlaneApp(ports)).listen(settings.port);
  await once(server, 'listening');
  log.info({ port: settings.port }, 'control-plane is up');

  if (settings.dispatchCleanupEnabled) {
    repeat(RECONCILE_EVERY_MS, stopping.signal, log, 'reconcile', async () => {
      const run = await reconcileUnlessYoung(ports, RECONCILE_EVERY_MS);
      if (run && run.cleaned > 0) log.info({ ...run, details: undefined }, 'reconciled');
    });
  }

  repeat(FORGET_ATTEMPTS_EVERY_MS, stopping.signal, log, 'forgetting old attempts', ports.attempts.forgetOld);

  await signalled(log);
  stopping.abort();
  server.close();
  server.closeIdleConnections();
  // Joins under way get to finish: each one that is cut off leaves a student in doubt.
  await Promise.race([once(server, 'close'), once(AbortSignal.timeout(8_000), 'abort')]);
  server.closeAllConnections();
  await database.close();
}

async function signalled(log: Logger): Promise<void> {
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
  log.info({ signal }, 'stopping');
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof BadSettings ? error.message : error instanceof Error ? error.stack : error}\n`,
  );
  // Open database connections would keep a failed start alive.
  process.exit(1);
});
