import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { requestFields } from './callers/request-context.ts';
import { BadSettings, readLogLevel, readWorkerConfig, type WorkerSettings } from './config.ts';
import { diskComplaints, maxSessions } from './desktop/capacity.ts';
import { filesComplaints } from './desktop/files.ts';
import { masterName, proofKey, proofMaster } from './desktop/proof-key.ts';
import { connectDocker } from './docker/connect.ts';
import { DockerEngine } from './docker/engine.ts';
import { serviceTargets } from './docker/neighbours.ts';
import { restartService } from './docker/services.ts';
import { type Template, templateDigest } from './docker/template.ts';
import { watchDesktops } from './docker/watch.ts';
import { HostReader } from './host/reader.ts';
import { workerApp } from './http/app.ts';
import { Metrics } from './http/metrics.ts';
import { Readiness } from './http/readiness.ts';
import { drainComplaints, proofComplaints, workerStatus } from './http/status.ts';
import { drainFile } from './outbox/drain-file.ts';
import { DrainWatch } from './pool/drain-watch.ts';
import { Pool } from './pool/pool.ts';
import { drainTable } from './postgres/drain-table.ts';
import { connectRedis, firstConnect } from './redis/connect.ts';
import { RedisMirror } from './redis/mirror.ts';
import { SessionRecords } from './redis/session-records.ts';
import { TokenBindings } from './redis/token-bindings.ts';
import { openCallers } from './worker-callers.ts';
import { NO_DATABASE, openCentral } from './worker-central.ts';
import { openGuacds } from './worker-guacds.ts';
import { openHistory } from './worker-history.ts';
import { openOnlookers } from './worker-onlookers.ts';
import { openTunnel } from './worker-tunnel.ts';

const EXIT_MS = 3_000;
const STILL_BUSY = 'still busy with something when all was to be over; ending all the same';

const packFile = (path: string): Promise<string> => readFile(new URL(`../${path}`, import.meta.url), 'utf8');

async function main(): Promise<void> {
  const settings = readWorkerConfig();
  const log = pino({ level: readLogLevel(), mixin: requestFields });
  const [seccomp, openapi, manifest] = await Promise.all(
    ['exam-linux/seccomp.json', 'docs/openapi.yaml', 'package.json'].map(packFile),
  );
  const master = proofMaster(settings.clusterTokens[0]);
  const masters = settings.clusterTokens.map(proofMaster);
  const proofKeysOf = (desktopId: string): Buffer[] => masters.map((each) => proofKey(each, desktopId));
  const template = desktopTemplate(settings, seccomp ?? '', masterName(master));
  const redisAt = new URL(settings.redisUrl);
  const targets = await serviceTargets(
    [
      { name: 'worker_redis', host: redisAt.hostname, port: Number(redisAt.port || 6379) },
      ...settings.guacds.map(({ name, address }) => ({ name, ...address })),
    ],
    settings.port,
  );
  const docker = connectDocker(settings.dockerSocket);
  const engine = new DockerEngine(docker, settings.code, template, {
    keyOf: (desktopId) => proofKey(master, desktopId),
    targets: () => targets,
  });
  const redis = connectRedis(settings.redisUrl, log, () => {
    pool.mirrorIsBack();
    sessions.storeIsBack();
  });
  const guacds = openGuacds({
    settings,
    log,
    restart: (host) => restartService(docker, host),
    password: (containerId) => engine.password(containerId),
    onLost: (containerId) => pool.lostHold(containerId),
  });
  const { shards, holder } = guacds;
  const central = openCentral(settings, log);
  const history = openHistory(settings, central, log, (open) => pool.endLost(open));
  const host = new HostReader();
  const most = maxSessions(settings.host, settings.desktop);
  const pool = new Pool({
    settings: {
      worker: settings.code,
      maxDesktops: most,
      prewarmMax: settings.prewarmMax,
      createWidth: settings.createWidth,
      desktopMemoryMb: settings.desktop.memoryMb,
      readyTimeoutMs: settings.readyTimeoutMs,
      answerWithinMs: settings.answerWithinMs,
      template: templateDigest(template),
      proofEveryMs: settings.proofEveryMs,
      strictLock: settings.strictLock,
      workspaceKeepMs: settings.workspaceKeepMs,
      network: settings.network.cidr,
    },
    proofKeysOf,
    engine,
    host,
    mirror: new RedisMirror(redis),
    holder: {
      hold: (desktop, isEarly) => holder.hold(desktop, isEarly),
      drop: (containerId) => {
        door.endSession(containerId);
        holder.drop(containerId);
      },
    },
    ledger: history.ledger,
    drainMemory: drainFile(settings.history.directory, log),
    clock: Date.now,
    log,
    newId: () => randomBytes(5).toString('hex'),
    random: Math.random,
  });
  const onlookers = openOnlookers(settings, { pool, holder, ledger: history.ledger, log });
  const metrics = new Metrics();
  const callers = openCallers(settings, metrics, log);
  const { door, sessions, tunnels, connectionOf } = openTunnel({
    settings,
    maxDesktops: most,
    store: new SessionRecords(redis),
    tokens: new TokenBindings(redis),
    metrics,
    onlookers,
    log,
    joining: {
      connection: (desktop) => holder.connection(desktop),
      loseConnection: (desktop, id) => holder.lose(desktop.containerId, id),
    },
    atAddress: (ip) => pool.atAddress(ip),
    atSeat: (seat) => pool.atSeat(seat),
  });
  let imageId: string | undefined;
  const readiness = new Readiness({
    engine: async () => {
      await engine.ping();
      imageId = await engine.imageId();
      if (imageId === undefined) throw new Error(`image ${settings.imageName} is missing; run ./start.sh`);
    },
    redis: async () => void (await redis.ping()),
    guacd: async () => {
      if (!shards.someServe()) throw new Error('does not answer');
    },
  });
  const drainWatch =
    central &&
    new DrainWatch({
      table: drainTable(settings.code, central.address.user, central.database),
      log,
      heard: (draining) => pool.tableSaysDrain(draining),
    });
  const version = String(JSON.parse(manifest ?? '{}').version);
  const degraded = (): string[] => {
    const disk = host.disk();
    return [
      ...shards.complaints(),
      ...history.degraded(),
      ...drainComplaints(pool.drainState),
      ...proofComplaints(pool.desktops()),
      ...filesComplaints(pool.desktops()),
      ...(disk ? diskComplaints(disk) : []),
    ];
  };
  const app = workerApp({
    ...callers,
    callTimeoutMs: settings.callTimeoutMs,
    metricsToken: settings.tunnel.metricsToken,
    prewarmMax: settings.prewarmMax,
    desktopEnv: settings.desktopEnv,
    pool,
    connectionOf,
    endSession: (seat) => sessions.end(seat),
    metrics: () => metrics.text(),
    log,
    openapi: openapi ?? '',
    reasons: () => readiness.reasons(),
    engine: () => engine.state,
    degraded,
    history: (seat) => history.of(seat),
    status: async () => ({
      ...workerStatus({
        pool,
        maxSessions: most,
        room: await pool.room(),
        reasons: readiness.reasons(),
        version,
        imageId,
        connected: tunnels.ids(),
        watchers: (containerId) => onlookers.watchers(containerId),
        isRecorded: (containerId) => onlookers.isRecorded(containerId),
        drainTable: drainWatch ? (drainWatch.problem ?? 'read') : NO_DATABASE,
      }),
      degraded: degraded(),
      workspaceLimit: { mb: settings.workspaceLimitMb, hard: engine.limitsSize ?? null },
      guacds: shards.report(),
      clusterCalls: callers.tally.report(),
      history: history.status(),
    }),
  });

  await firstConnect(redis);
  await guacds.watch.start();
  await readiness.start();
  const stopWatching = watchDesktops(docker, settings.code, {
    onOpen: () => {
      engine.heard();
      pool.engineIsBack();
    },
    onChange: () => {
      engine.heard();
      pool.nudge();
    },
  });
  // Before the door opens: a student who reconnects must find his desktop known.
  await pool.start();
  await drainWatch?.start();
  history.start();
  // A client has ten seconds to say what it wants: sockets that say nothing would fill the process.
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 2_000 },
    app,
  )
    .on('upgrade', door.onUpgrade)
    .listen(settings.port);
  await once(server, 'listening');
  log.info({ port: settings.port, maxDesktops: most, reasons: readiness.reasons() }, 'worker is up');

  await signalled(log);
  stopWatching();
  readiness.stop();
  guacds.watch.stop();
  drainWatch?.stop();
  server.close();
  server.closeIdleConnections();
  door.close();
  await pool.stop();
  const told = history.stop().then(() => central?.database.close());
  await Promise.race([told, pause(EXIT_MS, undefined, { ref: false })]);
  holder.close();
  redis.disconnect();
  // Desktops go on; requests under way had their chance in pool.stop.
  server.closeAllConnections();
  // A call that nobody answers, or a connection that nobody closed, must not make the operator wait.
  setTimeout(() => {
    log.warn({ held: process.getActiveResourcesInfo() }, STILL_BUSY);
    process.exit();
  }, EXIT_MS).unref();
}

function desktopTemplate(settings: WorkerSettings, seccomp: string, proofKeyName: string): Template {
  return {
    image: settings.imageName,
    network: settings.network.name,
    env: settings.desktopEnv,
    memoryMb: settings.desktop.memoryMb,
    cpuLimit: settings.cpuLimit,
    shmMb: settings.shmMb,
    pidsLimit: settings.pidsLimit,
    workspaceLimitMb: settings.workspaceLimitMb,
    seccomp: JSON.stringify(JSON.parse(seccomp)),
    proofKeyName,
  };
}

async function signalled(log: Logger): Promise<void> {
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
  log.info({ signal }, 'stopping; desktops go on');
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof BadSettings ? error.message : error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 1;
});
