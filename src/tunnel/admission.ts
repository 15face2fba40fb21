import { type Desktop, isInUse, seatOf } from '../desktop/desktop.ts';
import type { Seat } from '../desktop/names.ts';
import type { SessionRecord } from '../desktop/session-record.ts';
import type { Clock } from '../pool/ports.ts';
import { readConnectionToken } from './connection-token.ts';
import { isLoginOf } from './login.ts';
import type { SessionBook } from './session-book.ts';
import { readToken } from './token.ts';
import type { TokenBook } from './token-book.ts';
import type { Visit } from './visit.ts';

/** A connection token opens again after its time while a tunnel of its allocation was open so recently: a lost network. */
const REMEMBERED_MS = 10 * 60_000;

export interface AdmissionPorts {
  /** The contract's token key, 32 bytes. */
  readonly tokenKey: Buffer;
  readonly connectionKey: Uint8Array;
  readonly jwtSecret: Uint8Array;
  /** Without a student's JWT nobody comes in. */
  readonly requireJwt: boolean;
  readonly book: TokenBook;
  readonly sessions: SessionBook;
  readonly clock: Clock;
  atAddress(ip: string): Desktop | undefined;
  atSeat(seat: Seat): Desktop | undefined;
}

/** Why somebody was refused, for the operator's log and counts; every caller gets the same words. */
export type RefusalCause =
  | 'origin'
  | 'too-many'
  | 'token'
  | 'expired'
  | 'earlier-session'
  | 'no-desktop'
  | 'no-login'
  | 'foreign-login';

export interface Refused {
  readonly kind: 'refused';
  readonly why: RefusalCause;
  readonly detail?: string | undefined;
}

/** Somebody who may come in, with the session that he is counted to where it is known. */
export interface Admitted {
  readonly kind: 'admitted';
  readonly desktop: Desktop;
  readonly session: SessionRecord | undefined;
}

/** `away`: it is his, but is not there now. */
export type Admission = Admitted | Refused | { readonly kind: 'away' };

/**
 * Decides whether a student's tunnel may open, and to which desktop: only one that this worker has given to him is ever
 * opened. The worker's own connection token names the allocation and cannot be made by others; the contract's names an
 * address, never expires and is a claim only.
 */
export async function admit(ports: AdmissionPorts, visit: Visit): Promise<Admission> {
  const connection = visit.query.get('connection');
  const token = visit.query.get('token') ?? '';
  const admission =
    connection === null ? await byContractToken(ports, token) : await byConnectionToken(ports, connection);
  if (admission.kind !== 'admitted') return admission;
  const { desktop } = admission;
  const wrong = await wrongLogin(ports, visit, desktop);
  if (wrong) return wrong;
  const isEarlier = connection === null && !(await ports.book.admit(token, desktop.containerId));
  return isEarlier ? refused('earlier-session', desktop.name) : admission;
}

async function byConnectionToken(ports: AdmissionPorts, token: string): Promise<Admission> {
  const claims = await readConnectionToken(token, ports.connectionKey);
  if (!claims) return refused('token', 'no connection token of ours');
  const seat = { userId: claims.sub, examId: claims.exam };
  const session = await ports.sessions.find(seat);
  if (session?.allocation !== claims.allocation) return refused('earlier-session', nameOf(seat));
  const now = ports.clock();
  const isRemembered = session.lastSeenAt !== undefined && now - session.lastSeenAt <= REMEMBERED_MS;
  if (claims.exp * 1000 <= now && !isRemembered) return refused('expired', nameOf(seat));
  const desktop = ports.atSeat(seat);
  return desktop ? { kind: 'admitted', desktop, session } : { kind: 'away' };
}

async function byContractToken(ports: AdmissionPorts, token: string): Promise<Admission> {
  const ip = readToken(token, ports.tokenKey);
  if (ip === undefined) return refused('token', 'no token of ours');
  const desktop = ports.atAddress(ip);
  const seat = desktop && isInUse(desktop) ? seatOf(desktop) : undefined;
  if (!desktop || !seat) return refused('no-desktop', `no student's desktop at ${ip}`);
  return { kind: 'admitted', desktop, session: await ports.sessions.find(seat) };
}

async function wrongLogin(ports: AdmissionPorts, visit: Visit, desktop: Desktop): Promise<Refused | undefined> {
  // A cookie comes along unasked and may be anybody's who sat here before: it counts only where a login must be shown.
  const jwt = visit.query.get('jwt') ?? (ports.requireJwt ? visit.cookie : undefined);
  if (jwt === undefined) return ports.requireJwt ? refused('no-login', desktop.name) : undefined;
  const seat = seatOf(desktop);
  if (seat && (await isLoginOf(seat.userId, jwt, ports.jwtSecret))) return undefined;
  return refused('foreign-login', desktop.name);
}

export function refused(why: RefusalCause, detail?: string): Refused {
  return { kind: 'refused', why, detail };
}

function nameOf({ userId, examId }: Seat): string {
  return `student ${userId}, exam ${examId}`;
}
