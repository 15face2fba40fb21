import { assertNever } from '../desktop/assert-never.ts';
import type { Observation, ReconcileStep } from './reconcile-plan.ts';

export type ReconcileMode = 'manual' | 'timer';

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

export function countsOf(
  done: readonly ReconcileStep[],
  mode: ReconcileMode,
  { scanned, observed }: { scanned: number; observed: ReadonlyMap<string, Observation> },
): ReconcileCounts {
  const count = (test: (step: ReconcileStep) => boolean) => done.filter(test).length;
  return {
    scanned,
    cleaned: count(({ kind }) => kind === 'drop' || kind === 'release'),
    malformed: count((step) => 'why' in step && (step.why === 'malformed' || step.why === 'join_died')),
    staleWithoutSession: count((step) => 'why' in step && step.why === 'stale'),
    remoteSessionCountersFixed: count(({ kind }) => kind === 'fixCounter'),
    affinityFixed: count(({ kind }) => kind === 'dropAffinity'),
    mode,
    released: count((step) => 'why' in step && step.why === 'handed_in'),
    workersAsked: observed.size,
    workersSilent: [...observed.values()].filter(({ kind }) => kind === 'silent').length,
  };
}

/** One thing that was mended, for people. */
export interface ReconcileDetail {
  readonly kind: ReconcileStep['kind'];
  readonly why: 'malformed' | 'stale' | 'handed_in' | 'join_died' | null;
  readonly workerCode: string | null;
  readonly examId: number | null;
  readonly userId: number | null;
  readonly username: string | null;
}

export function detailsOf(done: readonly ReconcileStep[], names: ReadonlyMap<number, string>): ReconcileDetail[] {
  const nothing = { why: null, workerCode: null, examId: null, userId: null, username: null };
  return done.map((step) => {
    switch (step.kind) {
      case 'drop':
      case 'release': {
        const { workerCode, examId, userId } = step.dispatch;
        return { kind: step.kind, why: step.why, workerCode, examId, userId, username: names.get(userId) ?? null };
      }
      case 'fixCounter':
        return { ...nothing, kind: step.kind, workerCode: step.workerCode };
      case 'dropAffinity':
        return { ...nothing, kind: step.kind, examId: step.examId };
      default:
        return assertNever(step);
    }
  });
}
