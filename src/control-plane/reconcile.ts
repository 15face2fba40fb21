import { assertNever } from '../desktop/assert-never.ts';
import type { Dispatch } from './dispatch.ts';
import type { Clock, DispatchStore, Log, RunStore, UserStore, WithLock, WorkerCalls, WorkerStore } from './ports.ts';
import {
  countsOf,
  detailsOf,
  type ReconcileCounts,
  type ReconcileDetail,
  type ReconcileMode,
} from './reconcile-counts.ts';
import { type Observation, type ReconcileStep, reconcilePlan } from './reconcile-plan.ts';
import type { ControlPlaneSettings } from './settings.ts';
import type { WorkerNode } from './worker-node.ts';

export interface ReconcilePorts {
  readonly users: UserStore;
  readonly workers: WorkerStore;
  readonly dispatches: DispatchStore;
  readonly runs: RunStore;
  readonly calls: WorkerCalls;
  readonly withLock: WithLock;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ControlPlaneSettings;
}

export interface ReconcileRun extends ReconcileCounts {
  readonly at: Date;
  /** Who pressed the button; null: the timer. */
  readonly by: string | null;
  readonly details: readonly ReconcileDetail[];
}

/** Drops the rows that no longer say the truth. One at a time over all processes: two would ask every worker twice. */
export async function reconcile(ports: ReconcilePorts, by: string): Promise<ReconcileRun> {
  return await ports.withLock('reconcile', () => run(ports, 'manual', by));
}

/** The timer's: each process has one, and whoever comes while the last run, of whatever process, is young, leaves it. */
export async function reconcileUnlessYoung(ports: ReconcilePorts, everyMs: number): Promise<ReconcileRun | undefined> {
  return await ports.withLock('reconcile', async () => {
    const last = await ports.runs.last();
    const age = last ? ports.clock().getTime() - last.at.getTime() : Number.POSITIVE_INFINITY;
    // A tenth less: timers of two processes drift, and a run must not be left out for a moment's difference.
    return age < everyMs * 0.9 ? undefined : await run(ports, 'timer', null);
  });
}

async function run(ports: ReconcilePorts, mode: ReconcileMode, by: string | null): Promise<ReconcileRun> {
  const { settings } = ports;
  const workers = await ports.workers.all();
  const asked = ports.clock();
  const observed = await observeAll(ports, workers);
  const dispatches = await scanAll(ports);
  const steps = reconcilePlan({
    dispatches,
    workers,
    observed,
    affinities: await ports.dispatches.affinities(),
    now: ports.clock(),
    heartbeatTtlSec: settings.heartbeatTtlSec,
    staleAfterSec: settings.dispatchStaleSec,
    reservationTtlSec: (2 * settings.clusterTimeoutMs * (settings.allocateRetryCount + 1)) / 1000,
  });
  const done = await perform(ports, { workers, asked }, steps);
  const names = await ports.users.namesOf(done.flatMap((step) => ('dispatch' in step ? [step.dispatch.userId] : [])));
  const outcome = {
    ...countsOf(done, mode, { scanned: dispatches.length, observed }),
    at: ports.clock(),
    by,
    details: detailsOf(done, names),
  };
  await ports.runs.put(outcome);
  return outcome;
}

async function observeAll(
  { calls }: ReconcilePorts,
  workers: readonly WorkerNode[],
): Promise<ReadonlyMap<string, Observation>> {
  return new Map(await Promise.all(workers.map(async (worker) => [worker.code, await calls.observe(worker)] as const)));
}

async function scanAll({ dispatches, settings }: ReconcilePorts): Promise<Dispatch[]> {
  const found: Dispatch[] = [];
  for (;;) {
    const page = await dispatches.scan(found.at(-1)?.id ?? 0, settings.dispatchScanCount);
    found.push(...page);
    if (page.length < settings.dispatchScanCount) return found;
  }
}

/** The steps that really changed something. Workers are asked side by side: one that hangs must not hold up the others. */
async function perform(ports: ReconcilePorts, seen: Seen, steps: readonly ReconcileStep[]): Promise<ReconcileStep[]> {
  const codeOf = (step: ReconcileStep) => (step.kind === 'release' ? step.dispatch.workerCode : '');
  const done: ReconcileStep[] = [];
  const performGroup = async (group: readonly ReconcileStep[]) => {
    for (const step of group) {
      const outcome = await performOne(ports, seen, step);
      if (outcome === 'done') {
        done.push(step);
        ports.log.info({ step }, 'reconcile step');
      }
      // It has cost its patience once; the rest of its releases come with the next run.
      if (outcome === 'not_answering') return;
    }
  };
  await Promise.all([...Map.groupBy(steps, codeOf).values()].map(performGroup));
  return done;
}

/** The workers as they were when they were asked. */
interface Seen {
  readonly workers: readonly WorkerNode[];
  readonly asked: Date;
}

type StepOutcome = 'done' | 'overtaken' | 'not_answering';

async function performOne(
  { calls, dispatches, workers: store }: ReconcilePorts,
  { workers, asked }: Seen,
  step: ReconcileStep,
): Promise<StepOutcome> {
  const did = (changed: boolean): StepOutcome => (changed ? 'done' : 'overtaken');
  // One whose join died may have been moved: then the place before it counts again.
  const remove = (dispatch: Dispatch) =>
    dispatch.state === 'allocating' ? dispatches.abandon(dispatch) : dispatches.drop(dispatch);
  switch (step.kind) {
    case 'drop':
      return did(await remove(step.dispatch));
    case 'release': {
      const worker = workers.find(({ code }) => code === step.dispatch.workerCode);
      // A worker that answers slowly may have held this run up: the student may be back at work by now.
      if (!worker || !isStill(step.dispatch, await dispatches.find(step.dispatch))) return 'overtaken';
      const answer = await calls.release(worker, step.dispatch);
      if (!answer.ok) return answer.why === 'timeout' || answer.why === 'unreachable' ? 'not_answering' : 'overtaken';
      return did(await remove(step.dispatch));
    }
    case 'fixCounter': {
      const worker = workers.find(({ code }) => code === step.workerCode);
      return did(worker !== undefined && (await store.mendActiveSessions(worker, step.activeSessions, asked)));
    }
    case 'dropAffinity':
      return did(await dispatches.dropAffinity(step.examId));
    default:
      return assertNever(step);
  }
}

function isStill(read: Dispatch, now: Dispatch | undefined): boolean {
  return now?.id === read.id && now.state === read.state && now.lastJoinedAt.getTime() === read.lastJoinedAt.getTime();
}
