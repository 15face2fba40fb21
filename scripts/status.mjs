// Prints what GET /api/vdi/cluster/status says, as a short table. Run by status.sh in a container; ends with 1 when the
// worker does not answer or is not ready.
import { env, exit, stdout } from 'node:process';

const { STATUS_URL, STATUS_TOKEN } = env;

const SLOWED = {
  'student-waiting': 'a student’s own desktop is being made first',
  'students-joining': 'students are joining',
  'host-busy': 'host busy',
  'students-at-work': 'students at work',
};

const print = (line) => stdout.write(`${line}\n`);

function age(since) {
  const minutes = Math.max(0, Math.round((Date.now() - new Date(since).getTime()) / 60_000));
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function table(title, rows, empty) {
  print(title);
  if (rows.length === 0) print(`  ${empty}`);
  for (const row of rows)
    print(`  ${row.map((cell, i) => (i === row.length - 1 ? cell : String(cell).padEnd(28))).join('')}`);
}

function history({ kept, waiting, oldest, dropped, refused, lastError, diskError }) {
  if (kept !== 'database') return `${waiting} events kept ${kept}`;
  return [
    waiting === 0
      ? 'delivered to the database'
      : `${waiting} events wait${oldest ? `, the oldest for ${age(oldest)}` : ''}`,
    ...(dropped > 0 ? [`${dropped} LOST for lack of room`] : []),
    ...(refused > 0 ? [`${refused} refused by the database`] : []),
    ...(lastError ? [`database: ${lastError}`] : []),
    ...(diskError ? [`disk: ${diskError}`] : []),
  ].join('; ');
}

function saidBy(drain) {
  if (!drain?.by) return '';
  return `; said by ${drain.by === 'call' ? 'a call' : 'the table worker_nodes'}, ${age(drain.since)} ago`;
}

// Only where something is to be said.
function files(told) {
  if (!told || told.level === 'fine') return '';
  const ended = told.ended.length > 0 ? `, ended ${told.ended.join(', ')}` : '';
  return `, FILES ${told.level}: ${told.percent} % of the limit${ended}`;
}

// Only what an operator may want to act on: a token that is being changed, callers who are not let in.
function calls(told) {
  const { previousToken, refused } = told ?? { previousToken: { calls: 0 }, refused: { calls: 0 } };
  return [
    ...(previousToken.calls > 0
      ? [
          `${previousToken.calls} with WORKER_CLUSTER_TOKEN_PREVIOUS, the last ${age(previousToken.last)} ago from ${previousToken.from}`,
        ]
      : []),
    ...(refused.calls > 0
      ? [`${refused.calls} refused, the last ${age(refused.last)} ago from ${refused.from}: ${refused.why}`]
      : []),
  ];
}

function show(worker) {
  const free = Math.max(0, worker.maxSessions - worker.activeSessions);
  print(`WORKER ${worker.ready ? 'ready' : `NOT READY: ${worker.reasons.join('; ')}`} (version ${worker.version})`);
  print(`SLOTS  ${worker.activeSessions} in use, ${free} free, ${worker.maxSessions} in all`);
  if (worker.drainStatus && worker.drainStatus !== 'serving')
    print(
      `DRAIN  ${worker.drainStatus}: no new sessions, ${worker.activeSessions} still at work${saidBy(worker.drain)}`,
    );
  if (worker.room.short !== 'slots' && worker.room.count < free)
    print(`HOST   has ${worker.room.short} left for ${worker.room.count} more only`);
  if (worker.refill?.slowed)
    print(`REFILL slowed, ${worker.refill.held} waiting: ${SLOWED[worker.refill.slowed] ?? worker.refill.slowed}`);
  if (worker.guacds?.length > 1)
    print(
      `GUACDS ${worker.guacds.map((g) => `${g.name} ${g.state === 'out' ? 'OUT' : `holds ${g.held}`}`).join(', ')}`,
    );
  const { mb, hard } = worker.workspaceLimit ?? { mb: 0 };
  if (mb > 0)
    print(
      `FILES  ${mb} MB a student, ${hard === null ? 'not known yet whether the engine’s disk keeps it' : hard ? 'kept by the engine’s disk' : 'watched; the engine’s disk keeps no limit'}`,
    );
  if (worker.history) print(`HISTORY ${history(worker.history)}`);
  for (const line of calls(worker.clusterCalls)) print(`CALLS  ${line}`);
  for (const reason of worker.degraded ?? []) print(`DEGRADED ${reason}`);
  if (worker.lastFailure) print(`FAULT  the last desktop did not come up: ${worker.lastFailure}`);
  table(
    'POOLS',
    worker.pools.map((p) => [
      `exam ${p.examId}`,
      `warm ${p.warm} of ${p.wanted} wanted, ${p.creating} being made, ${p.inUse} in use`,
    ]),
    'none: the console’s Prewarm button makes one',
  );
  table(
    'SESSIONS',
    worker.desktops
      .filter((d) => d.userId !== null)
      .map((d) => [
        d.name,
        `student ${d.userId}, exam ${d.examId}, ${d.state}, ${d.connected ? 'connected' : 'not connected'}, ${d.watchers ? `watched by ${d.watchers}, ` : ''}${d.recorded ? 'recorded, ' : ''}${d.ip}, for ${age(d.since)}${files(d.files)}`,
      ]),
    'none',
  );
  // Only where there is one: on a good day nobody must wonder what it means.
  const quarantined = worker.desktops.filter((d) => d.state === 'quarantined');
  if (quarantined.length > 0)
    table(
      'QUARANTINE (failed their proof; see docs/operations.md)',
      quarantined.map((d) => [d.name, d.reason ?? 'reason not read yet']),
      '',
    );
}

try {
  const answer = await fetch(`${STATUS_URL}/api/vdi/cluster/status`, {
    headers: { 'x-cluster-token': STATUS_TOKEN },
    signal: AbortSignal.timeout(5000),
  });
  if (!answer.ok) throw new Error(`${STATUS_URL} answered ${answer.status}: ${await answer.text()}`);
  const worker = await answer.json();
  show(worker);
  exit(worker.ready ? 0 : 1);
} catch (error) {
  print(`WORKER does not answer: ${error.cause?.message ?? error.message}`);
  exit(2);
}
