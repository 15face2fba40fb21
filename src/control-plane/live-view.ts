import type { Exam } from './exam.ts';
import type { Clock, DispatchStore, ExamStore, RunStore, UserStore, WorkerStore } from './ports.ts';
import type { ReconcileRun } from './reconcile.ts';
import { MOST_SESSIONS, type SessionView, type Stray, sessionViews, strays } from './session-view.ts';
import type { PageAddress } from './tunnel-url.ts';
import { isHealthy } from './worker-node.ts';
import { poolsOf, summaryOf, type ToldPool, type WorkersSummary, type WorkerView, workerView } from './worker-view.ts';

export interface LivePorts {
  readonly users: UserStore;
  readonly exams: ExamStore;
  readonly workers: WorkerStore;
  readonly dispatches: DispatchStore;
  readonly runs: RunStore;
  readonly clock: Clock;
  readonly settings: { readonly heartbeatTtlSec: number };
}

type PoolCounts = Omit<ToldPool, 'examId'>;
type PoolAt = ToldPool & { readonly workerCode: string };

export interface ExamLine extends Exam {
  readonly pool: PoolCounts;
  readonly workers: readonly (PoolCounts & { readonly workerCode: string })[];
  readonly activeSessions: number;
}

export interface LiveView {
  readonly serverTime: Date;
  readonly workers: readonly WorkerView[];
  readonly summary: WorkersSummary;
  readonly exams: readonly ExamLine[];
  readonly sessions: readonly SessionView[];
  readonly strays: readonly (Stray & { readonly username: string | null })[];
  readonly lastReconcile: ReconcileRun | null;
}

/** All that the admin's page shows, as one picture of the same moment. */
export async function liveView(ports: LivePorts, page: PageAddress): Promise<LiveView> {
  const [workers, exams, sessions, run] = await Promise.all([
    ports.workers.all(),
    ports.exams.all(),
    ports.dispatches.running(MOST_SESSIONS),
    ports.runs.last(),
  ]);
  const clocked = { now: ports.clock(), heartbeatTtlSec: ports.settings.heartbeatTtlSec };
  // Of healthy workers only: what a silent one had is no pool to count on.
  const pools = workers
    .filter((worker) => isHealthy(worker, clocked))
    .flatMap(({ code, metadata }) => poolsOf(metadata).map((pool) => ({ workerCode: code, ...pool })));
  const astray = strays(sessions, workers, clocked);
  const names = await ports.users.namesOf(astray.map(({ userId }) => userId));
  return {
    serverTime: clocked.now,
    workers: workers.map((worker) => workerView(worker, clocked)),
    summary: summaryOf(workers, clocked),
    exams: exams.map((exam) => examLine(exam, pools, sessions)),
    sessions: sessionViews(sessions, workers, page, clocked),
    strays: astray.map((stray) => ({ ...stray, username: names.get(stray.userId) ?? null })),
    lastReconcile: run ?? null,
  };
}

function examLine(
  exam: Exam,
  pools: readonly PoolAt[],
  sessions: readonly { readonly examId: number; readonly state: string }[],
): ExamLine {
  const lines = pools.filter(({ examId }) => examId === exam.id).map(({ examId: _, ...line }) => line);
  const sum = (field: keyof PoolCounts) => lines.reduce((total, line) => total + line[field], 0);
  return {
    ...exam,
    pool: { wanted: sum('wanted'), warm: sum('warm'), creating: sum('creating'), inUse: sum('inUse') },
    workers: lines,
    activeSessions: sessions.filter(({ examId, state }) => examId === exam.id && state === 'active').length,
  };
}
