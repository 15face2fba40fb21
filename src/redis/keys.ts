import type { Seat } from '../desktop/names.ts';

/** Names that the control-plane's tools read (contract, section 5). */
export function sessionKey(seat: Seat): string {
  return `vdi:session:exam:${seat.examId}:user:${seat.userId}`;
}

/** Allocation and tunnels of a session, beside the contract's key: a session record as JSON. Ours. */
export function sessionRecordKey(seat: Seat): string {
  return `vdi:tunnel:exam:${seat.examId}:user:${seat.userId}`;
}

export function poolKey(examId: number): string {
  return `vdi:pool:exam:${examId}:available`;
}

export const SESSION_PATTERN = 'vdi:session:exam:*:user:*';
export const POOL_PATTERN = 'vdi:pool:exam:*:available';

/** What prewarm calls asked for: `{exams: {examId: {count, env}}, isKnown}`. Ours. */
export const ASKED_KEY = 'vdi:asked';
/** The last proofs of a desktop, newest first. Ours. */
export function proofsKey(desktopId: string): string {
  return `vdi:proofs:${desktopId}`;
}

/** Id of the desktop that a tunnel's token opened first, by the token's digest. Ours. */
export function tokenKey(digest: string): string {
  return `vdi:token:${digest}`;
}

/** The address given to the newest desktop. Ours. */
export const CURSOR_KEY = 'vdi:address-cursor';
