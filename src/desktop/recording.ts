import { type Seat, seatName } from './names.ts';

/** One file of a session's recording. A session has several when the worker or guacd started anew meanwhile. */
export interface Recording {
  readonly file: string;
  readonly seat: Seat;
  /** The beginning of the container's id: it names the session. */
  readonly session: string;
  /** When it began, milliseconds since the epoch. */
  readonly began: number;
}

export interface StoredRecording extends Recording {
  readonly bytes: number;
  /** When something was last written, milliseconds since the epoch. */
  readonly written: number;
}

export interface RecordingLimits {
  readonly sessionBytes: number;
  readonly totalBytes: number;
  readonly keepMs: number;
}

export interface Removal {
  readonly recording: StoredRecording;
  readonly why: 'age' | 'total';
}

const FILE = /^exam_([1-9]\d{0,15})_u([1-9]\d{0,15})_(\d{8}T\d{9}Z)_([0-9a-f]{12})\.guac$/;

/** Nothing in it comes from a browser: the seat is the container's name, the rest the engine's and the clock's. */
export function recordingFile(seat: Seat, containerId: string, began: number): string {
  const time = new Date(began).toISOString().replaceAll(/[-:.]/g, '');
  return `${seatName(seat)}_${time}_${sessionOf(containerId)}.guac`;
}

/** How a recording's name tells the session. */
export function sessionOf(containerId: string): string {
  return containerId.slice(0, 12);
}

/** @returns undefined for a file that is no recording of ours: it is left alone */
export function parseRecordingFile(file: string): Recording | undefined {
  const [, examId, userId, time = '', session = ''] = FILE.exec(file) ?? [];
  if (examId === undefined) return undefined;
  const iso = time.replace(/^(....)(..)(..)T(..)(..)(..)(...)Z$/, '$1-$2-$3T$4:$5:$6.$7Z');
  const began = Date.parse(iso);
  if (Number.isNaN(began)) return undefined;
  return { file, seat: { examId: Number(examId), userId: Number(userId) }, session, began };
}

/**
 * Which recordings go: those that are too old, then the oldest for as long as all are too large together. One of a session
 * that goes on never goes.
 */
export function recordingsToRemove(
  stored: readonly StoredRecording[],
  running: ReadonlySet<string>,
  { totalBytes, keepMs }: Pick<RecordingLimits, 'totalBytes' | 'keepMs'>,
  now: number,
): Removal[] {
  let total = bytesOf(stored);
  const over = stored.filter(({ session }) => !running.has(session)).sort((a, b) => a.began - b.began);
  const old = over.filter(({ written }) => now - written > keepMs);
  total -= bytesOf(old);
  const surplus = over.filter((recording) => {
    if (old.includes(recording) || total <= totalBytes) return false;
    total -= recording.bytes;
    return true;
  });
  return [
    ...old.map((recording) => ({ recording, why: 'age' }) as const),
    ...surplus.map((recording) => ({ recording, why: 'total' }) as const),
  ];
}

export function bytesOf(stored: readonly StoredRecording[]): number {
  return stored.reduce((sum, { bytes }) => sum + bytes, 0);
}
