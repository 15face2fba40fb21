import type { Exam } from './exam.ts';
import type { Clock, Log, PrewarmCounts, WorkerCalls, WorkerStore } from './ports.ts';
import type { ControlPlaneSettings } from './settings.ts';
import { type Share, spread } from './spread.ts';
import { isHealthy } from './worker-node.ts';

export interface PrewarmPorts {
  readonly workers: WorkerStore;
  readonly calls: WorkerCalls;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ControlPlaneSettings;
}

export interface Distributed extends PrewarmCounts {
  readonly workerCode: string;
  readonly error?: string;
}

export interface PrewarmOutcome extends PrewarmCounts {
  readonly distributed: readonly Distributed[];
}

/**
 * `failed` also counts what found no free slot anywhere: requested − failed is what will be there. A count of 0 ends the
 * exam's refills, and goes to every worker that can hear it: one that takes no students now may still keep a pool.
 */
export async function prewarm(
  ports: PrewarmPorts,
  exam: Pick<Exam, 'id' | 'name'>,
  count: number,
): Promise<PrewarmOutcome> {
  const clocked = { now: ports.clock(), heartbeatTtlSec: ports.settings.heartbeatTtlSec };
  const workers = await ports.workers.all();
  const shares =
    count > 0
      ? spread(workers, count, clocked)
      : workers.filter((worker) => isHealthy(worker, clocked)).map((worker) => ({ worker, count }));
  const distributed = await Promise.all(shares.map((share) => ask(ports, exam, share)));
  const unplaced = count - shares.reduce((sum, share) => sum + share.count, 0);
  return {
    requested: count,
    created: total(distributed, 'created'),
    failed: total(distributed, 'failed') + unplaced,
    poolAvailable: total(distributed, 'poolAvailable'),
    distributed,
  };
}

async function ask(
  ports: PrewarmPorts,
  exam: Pick<Exam, 'id' | 'name'>,
  { worker, count }: Share,
): Promise<Distributed> {
  const wish = { examId: exam.id, count, env: { EXAM_NAME: oneLine(exam.name) } };
  const answer = await ports.calls.prewarm(worker, wish);
  if (answer.ok) return { workerCode: worker.code, ...answer.value };
  ports.log.warn({ worker: worker.code, examId: exam.id, why: answer.why, detail: answer.detail }, 'prewarm failed');
  return { workerCode: worker.code, requested: count, created: 0, failed: count, poolAvailable: 0, error: answer.why };
}

// The desktop shows it in its panel; a worker takes one line only.
function oneLine(title: string): string {
  return title.replace(/[\p{Cc}\s]+/gu, ' ').trim();
}

function total(rows: readonly PrewarmCounts[], field: keyof PrewarmCounts): number {
  return rows.reduce((sum, row) => sum + row[field], 0);
}
