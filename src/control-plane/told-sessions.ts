import { z } from 'zod';
import type { Seat } from './dispatch.ts';
import type { WorkerMetadata } from './worker-node.ts';

/** A session as its worker's heartbeat tells it, beside the contract. */
export interface ToldSession extends Seat {
  readonly connected: boolean;
  /** Since when it is connected, or not, as far as the beats told; ISO. */
  readonly since: string | null;
  readonly watchers: number;
  readonly recorded: boolean;
}

const session = z.object({
  examId: z.number().int(),
  userId: z.number().int(),
  connected: z.boolean(),
  since: z.string().nullable().catch(null),
  watchers: z.number().catch(0),
  recorded: z.boolean().catch(false),
});

/** Undefined for a worker that does not tell. Metadata is any object: what does not fit is left out. */
export function toldSessions({ sessions }: WorkerMetadata): ToldSession[] | undefined {
  if (!Array.isArray(sessions)) return undefined;
  return sessions.flatMap((told) => {
    const read = session.safeParse(told);
    return read.success ? [read.data] : [];
  });
}

const isSame = (a: Seat, b: Seat) => a.userId === b.userId && a.examId === b.examId;

export function toldOf(told: readonly ToldSession[] | undefined, seat: Seat): ToldSession | undefined {
  return told?.find((session) => isSame(session, seat));
}

/** The beat's metadata with the time since which each session is as it is: a beat tells only how things stand. */
export function datedMetadata(metadata: WorkerMetadata, before: WorkerMetadata | undefined, at: Date): WorkerMetadata {
  const told = toldSessions(metadata);
  if (!told) return metadata;
  const earlier = before && toldSessions(before);
  const sessions = told.map((session) => {
    const was = toldOf(earlier, session);
    return { ...session, since: was?.connected === session.connected ? was.since : at.toISOString() };
  });
  return { ...metadata, sessions };
}
