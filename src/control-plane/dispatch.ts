/**
 * A dispatch says on which worker a student of an exam sits: one row per student and exam, whatever happens at once.
 * - `allocating`: a slot is reserved there and the worker is being asked; the student has seen no desktop yet.
 * - `active`: the worker answered with a desktop, there may be a student's work on it.
 * - `releasing`: the student has handed in; the worker has not yet confirmed the release.
 */
export type DispatchState = 'allocating' | 'active' | 'releasing';

export interface Seat {
  readonly userId: number;
  readonly examId: number;
}

export interface Dispatch extends Seat {
  readonly id: number;
  readonly workerCode: string;
  readonly state: DispatchState;
  readonly ip: string | null;
  readonly containerId: string | null;
  readonly createdAt: Date;
  readonly lastJoinedAt: Date;
  /** The worker that was gone when the student was seated here: his files stayed there. Null: he was never moved. */
  readonly movedFrom: string | null;
  readonly movedAt: Date | null;
}

/** A session that runs or whose release the worker has yet to confirm, with its student's names. */
export interface RunningSession extends Dispatch {
  readonly username: string;
  readonly name: string;
}

/** Where files stayed that could not follow their student. */
export interface FilesLeft {
  readonly workerCode: string;
  readonly workerName: string;
  readonly at: Date | null;
}

export function filesLeft(
  { workerCode, movedFrom, movedAt }: Pick<Dispatch, 'workerCode' | 'movedFrom' | 'movedAt'>,
  workers: readonly { readonly code: string; readonly name: string }[],
): FilesLeft | null {
  // Where every other worker failed he may have come back to his files.
  if (movedFrom === null || movedFrom === workerCode) return null;
  const workerName = workers.find(({ code }) => code === movedFrom)?.name ?? movedFrom;
  return { workerCode: movedFrom, workerName, at: movedAt };
}

/** An exam sticks to the worker it started on. */
export interface Affinity {
  readonly examId: number;
  readonly workerCode: string;
  readonly expiresAt: Date;
}

/** What a worker gives for the tunnels of one session, with what it allows there. */
interface Connection {
  readonly token: string;
  readonly expiresAt: string;
  readonly clipboard?: 'off' | 'in' | 'out' | 'both' | undefined;
  readonly recorded?: boolean | undefined;
}

/** What the worker answered to allocate. */
export interface Desktop {
  readonly ip: string;
  readonly containerId: string;
  /** Beside the contract: the worker's own token for this session's tunnels. Kept nowhere. */
  readonly connection?: Connection | undefined;
}
