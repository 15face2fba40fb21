import { assertNever } from '../desktop/assert-never.ts';
import type { Dispatch } from './dispatch.ts';
import type { Clock, DispatchStore, Log, WithLock, WorkerCalls, WorkerStore } from './ports.ts';
import { type Observation, type ReconcileStep, reconcilePlan } from './reconcile-plan.ts';
import type { ControlPlaneSettings } from './settings.ts';
import type { WorkerNode } from './worker-node.ts';

export interface ReconcilePorts {
  readonly workers: WorkerStore;
  readonly dispatches: DispatchStore;
  readonly calls: WorkerCalls;
  readonly withLock: WithLock;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ControlPlaneSettings;
}

/** The contract's counts, then ours. */
export interface ReconcileCounts {
  readonly scanned: number;
  readonly cleaned: number;
  readonly malformed: number;
  readonly staleWithoutSession: number;
  readonly remoteSessionCountersFixed: number;
  readonly affinityFixed: number;
  readonly mode: ReconcileMode;
  /** Hand-ins whose release the worker had not confirmed before. */
  readonly released: number;
  readonly workersAsked: number;
  readonly workersSilent: number;
}

export type ReconcileMode = 'manual' | 'timer';

/** Drops the rows that no longer say the truth. One at a time over all processes: two would ask every worker twice. */
export async function reconcile(ports: ReconcilePorts, mode: ReconcileMode): Promise<ReconcileCounts> {
  return await ports.withLock('reconcile', async () => {
    const workers = await ports.workers.all();
    const observed = await observeAll(ports, workers);
    const dispatches = await scanAll(ports);
    const { settings } = ports;
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
    const done = await perform(ports, workers, steps);
    const count = (test: (step: ReconcileStep) => boolean) => done.filter(test).length;
    return {
      scanned: dispatches.length,
      cleaned: count(({ kind }) => kind === 'drop' || kind === 'release'),
      malformed: count((step) => step.kind === 'drop' && step.why === 'malformed'),
      staleWithoutSession: count((step) => step.kind === 'drop' && step.why === 'stale'),
      remoteSessionCountersFixed: count(({ kind }) => kind === 'fixCounter'),
      affinityFixed: count(({ kind }) => kind === 'dropAffinity'),
      mode,
      released: count(({ kind }) => kind === 'release'),
      workersAsked: workers.length,
      workersSilent: [...observed.values()].filter(({ kind }) => kind === 'silent').length,
    };
  });
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

/** Returns the steps that really changed something. */
async function perform(
  ports: ReconcilePorts,
  workers: readonly WorkerNode[],
  steps: readonly ReconcileStep[],
): Promise<ReconcileStep[]> {
  const done: ReconcileStep[] = [];
  for (const step of steps) {
    if (await performOne(ports, workers, step)) {
      done.push(step);
      ports.log.info({ step }, 'reconcile step');
    }
  }
  return done;
}

async function performOne(
  { calls, dispatches, workers: store }: ReconcilePorts,
  workers: readonly WorkerNode[],
  step: ReconcileStep,
): Promise<boolean> {
  switch (step.kind) {
    case 'drop':
      return await dispatches.drop(step.dispatch);
    case 'release': {
      const worker = workers.find(({ code }) => code === step.dispatch.workerCode);
      if (!worker) return false;
      const answer = await calls.release(worker, step.dispatch);
      return answer.ok && (await dispatches.drop(step.dispatch));
    }
    case 'fixCounter':
      await store.setActiveSessions(step.workerCode, step.activeSessions);
      return true;
    case 'dropAffinity':
      return await dispatches.dropAffinity(step.examId);
    default:
      return assertNever(step);
  }
}
