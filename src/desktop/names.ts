/** A student's place in one exam. Both are positive integers given by the control-plane. */
export interface Seat {
  readonly examId: number;
  readonly userId: number;
}

/** Who a desktop belongs to, read from its container's name: the name is the claim (docs/adr/0001). */
export type Place =
  | { readonly kind: 'pool'; readonly examId: number; readonly id: string }
  | { readonly kind: 'seat'; readonly seat: Seat }
  /** Failed its proof: never served again, kept for the operator. `at` is when, milliseconds since the epoch. */
  | { readonly kind: 'quarantine'; readonly examId: number; readonly at: number };

const POOL_NAME = /^exam_([1-9]\d{0,15})_pool_([a-z0-9]+)$/;
const QUARANTINE_NAME = /^exam_([1-9]\d{0,15})_quarantine_([0-9a-f]{1,13})$/;
const SEAT_NAME = /^exam_([1-9]\d{0,15})_u([1-9]\d{0,15})$/;

export function poolName(examId: number, id: string): string {
  return `exam_${examId}_pool_${id}`;
}

export function seatName(seat: Seat): string {
  return `exam_${seat.examId}_u${seat.userId}`;
}

export function quarantineName(examId: number, at: number): string {
  return `exam_${examId}_quarantine_${at.toString(16)}`;
}

/** The place a container name stands for; undefined when the name is none of ours. */
export function parseName(name: string): Place | undefined {
  const pool = POOL_NAME.exec(name);
  if (pool) return { kind: 'pool', examId: Number(pool[1]), id: String(pool[2]) };
  const seat = SEAT_NAME.exec(name);
  if (seat) return { kind: 'seat', seat: { examId: Number(seat[1]), userId: Number(seat[2]) } };
  const quarantine = QUARANTINE_NAME.exec(name);
  if (quarantine)
    return { kind: 'quarantine', examId: Number(quarantine[1]), at: Number.parseInt(String(quarantine[2]), 16) };
  return undefined;
}

export function examOf(place: Place): number {
  return place.kind === 'seat' ? place.seat.examId : place.examId;
}
