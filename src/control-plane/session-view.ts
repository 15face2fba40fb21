import { type FilesLeft, filesLeft, type RunningSession, type Seat } from './dispatch.ts';
import { seatKey } from './reconcile-plan.ts';
import { toldOf, toldSessions } from './told-sessions.ts';
import { type PageAddress, tunnelUrl } from './tunnel-url.ts';
import { type Clocked, isHealthy, type WorkerNode } from './worker-node.ts';

/** More than one page can show; far more than one console's workers have. */
export const MOST_SESSIONS = 2000;

/** A session as proctors and admins see it. */
export interface SessionView extends Seat {
  readonly username: string;
  readonly name: string;
  readonly workerCode: string;
  readonly workerName: string;
  readonly state: 'active' | 'releasing';
  readonly since: Date;
  readonly lastJoinedAt: Date;
  /** Null: not known, its worker has not told lately. */
  readonly connected: boolean | null;
  readonly connectedAt: string | null;
  readonly leftAt: string | null;
  readonly watchers: number;
  readonly recorded: boolean;
  readonly filesLeft: FilesLeft | null;
  /** Where a proctor's browser finds the worker to look on; null when the worker is not known any more. */
  readonly tunnelUrl: string | null;
}

export function sessionViews(
  sessions: readonly RunningSession[],
  workers: readonly WorkerNode[],
  page: PageAddress,
  clocked: Clocked,
): SessionView[] {
  const byCode = new Map(
    workers.map((worker) => [
      worker.code,
      { worker, told: isHealthy(worker, clocked) ? toldSessions(worker.metadata) : undefined },
    ]),
  );
  return sessions.map((session) => {
    const { examId, userId, username, name, workerCode, createdAt, lastJoinedAt } = session;
    const known = byCode.get(workerCode);
    const told = toldOf(known?.told, session);
    return {
      examId,
      userId,
      username,
      name,
      workerCode,
      workerName: known?.worker.name ?? workerCode,
      state: session.state === 'releasing' ? 'releasing' : 'active',
      since: createdAt,
      lastJoinedAt,
      connected: told?.connected ?? null,
      connectedAt: told?.connected ? told.since : null,
      leftAt: told && !told.connected ? told.since : null,
      watchers: told?.watchers ?? 0,
      recorded: told?.recorded ?? false,
      filesLeft: filesLeft(session, workers),
      tunnelUrl: known ? tunnelUrl(known.worker.metadata, known.worker.apiBaseUrl, page) : null,
    };
  });
}

export interface Stray extends Seat {
  readonly workerCode: string;
  readonly connected: boolean;
}

/**
 * Sessions that a worker tells of and nobody is placed at: a student's first desktop, whose worker came back after he had been
 * moved. It holds a slot, and maybe his work: releasing it is an admin's word.
 */
export function strays(
  sessions: readonly Pick<RunningSession, 'examId' | 'userId' | 'workerCode'>[],
  workers: readonly WorkerNode[],
  clocked: Clocked,
): Stray[] {
  const placed = new Set(sessions.map((session) => `${session.workerCode}:${seatKey(session)}`));
  return workers
    .filter((worker) => isHealthy(worker, clocked))
    .flatMap(({ code, metadata }) =>
      (toldSessions(metadata) ?? [])
        .filter((told) => !placed.has(`${code}:${seatKey(told)}`))
        .map(({ examId, userId, connected }) => ({ workerCode: code, examId, userId, connected })),
    );
}
