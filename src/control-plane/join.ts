import { sameSecret } from '../callers/same-secret.ts';
import { ACCESS_CODES, type Attempts } from './attempts.ts';
import { type Desktop, type FilesLeft, filesLeft, type Seat } from './dispatch.ts';
import { doorOf, type Exam } from './exam.ts';
import { place } from './place.ts';
import type { Clock, DispatchStore, ExamStore, Log, WorkerCalls, WorkerStore } from './ports.ts';
import type { ControlPlaneSettings } from './settings.ts';
import type { WorkerNode } from './worker-node.ts';

export interface JoinPorts {
  readonly exams: ExamStore;
  readonly attempts: Attempts;
  readonly workers: WorkerStore;
  readonly dispatches: DispatchStore;
  readonly calls: WorkerCalls;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ControlPlaneSettings;
}

export type JoinRefusal =
  | 'exam_not_found'
  | 'wrong_access_code'
  | 'exam_not_active'
  | 'exam_not_started'
  | 'exam_over'
  | 'no_free_desktop'
  | 'worker_not_answering';

export type JoinOutcome =
  | {
      readonly kind: 'joined';
      readonly exam: Exam;
      readonly worker: WorkerNode;
      readonly desktop: Desktop;
      readonly moved: boolean;
      readonly filesLeft: FilesLeft | null;
    }
  | { readonly kind: 'too_many_attempts'; readonly waitSec: number }
  | { readonly kind: 'refused'; readonly why: JoinRefusal; readonly exam?: Exam };

/** A join that keeps being overtaken by others of the same student ends here instead of going round for ever. */
const OVERTAKEN_LIMIT = 5;

export async function join(ports: JoinPorts, seat: Seat, accessCode: string): Promise<JoinOutcome> {
  const exam = await ports.exams.byId(seat.examId);
  if (!exam) return { kind: 'refused', why: 'exam_not_found' };
  // Code before times: who does not know the code learns nothing of the exam's hours here.
  const isRight = sameSecret(accessCode, exam.accessCode);
  const who = String(seat.userId);
  const waitSec = await (isRight ? ports.attempts.wait(ACCESS_CODES, who) : ports.attempts.failed(ACCESS_CODES, who));
  if (waitSec > 0) return { kind: 'too_many_attempts', waitSec };
  if (!isRight) return { kind: 'refused', why: 'wrong_access_code' };
  const door = doorOf(exam, ports.clock());
  if (door === 'not_active') return { kind: 'refused', why: 'exam_not_active', exam };
  if (door === 'not_started') return { kind: 'refused', why: 'exam_not_started', exam };
  if (door === 'over') return { kind: 'refused', why: 'exam_over', exam };
  return await seatStudent(ports, exam, seat);
}

async function seatStudent(ports: JoinPorts, exam: Exam, seat: Seat): Promise<JoinOutcome> {
  const { dispatches, workers, calls, clock, log, settings } = ports;
  const tried: string[] = [];
  const leftInDoubt: WorkerNode[] = [];

  for (let overtaken = 0; overtaken < OVERTAKEN_LIMIT; ) {
    const now = clock();
    const reservation = await dispatches.reserve(
      seat,
      (view) => place({ ...view, tried, now, heartbeatTtlSec: settings.heartbeatTtlSec }),
      { now, affinityUntil: new Date(now.getTime() + settings.stickyExamTtlSec * 1000) },
    );
    if (reservation.kind === 'wait') return { kind: 'refused', why: 'worker_not_answering', exam };
    if (reservation.kind === 'full') return { kind: 'refused', why: 'no_free_desktop', exam };

    const { dispatch, moved } = reservation;
    const worker = await workers.byCode(dispatch.workerCode);
    const answer = worker
      ? await calls.allocate(worker, seat)
      : ({ ok: false, why: 'unreachable', detail: 'the worker is no longer known' } as const);

    if (answer.ok && worker) {
      if (await dispatches.seated(dispatch, answer.value, clock())) {
        giveBack(ports, seat, leftInDoubt);
        const from = dispatch.movedFrom === null ? undefined : await workers.byCode(dispatch.movedFrom);
        const left = filesLeft(dispatch, from ? [from] : []);
        return { kind: 'joined', exam, worker, desktop: answer.value, moved, filesLeft: left };
      }
      overtaken++;
      continue;
    }
    if (!answer.ok) {
      log.warn({ worker: dispatch.workerCode, ...seat, why: answer.why, detail: answer.detail }, 'allocate failed');
      const isHis = dispatch.workerCode === dispatch.movedFrom;
      if (worker && answer.why === 'timeout' && dispatch.state === 'allocating' && !isHis) leftInDoubt.push(worker);
    }
    tried.push(dispatch.workerCode);
    if (tried.length > settings.allocateRetryCount) {
      await dispatches.abandon(dispatch);
      return { kind: 'refused', why: 'no_free_desktop', exam };
    }
  }
  return { kind: 'refused', why: 'worker_not_answering', exam };
}

/**
 * A worker that answered too late may have made a desktop all the same; the student sits elsewhere now, so nobody would
 * ever use it. Only workers on which this student never had a desktop: theirs may hold their work.
 */
function giveBack(ports: JoinPorts, seat: Seat, workers: readonly WorkerNode[]): void {
  for (const worker of workers) {
    ports.calls
      .release(worker, seat)
      .then((answer) => {
        if (!answer.ok) ports.log.warn({ worker: worker.code, ...seat, detail: answer.detail }, 'release failed');
      })
      .catch((error: unknown) => ports.log.error({ worker: worker.code, ...seat, err: error }, 'release failed'));
  }
}
