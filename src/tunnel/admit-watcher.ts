import { z } from 'zod';
import { type Desktop, isUsable } from '../desktop/desktop.ts';
import type { Seat } from '../desktop/names.ts';
import { type Refused, refused } from './admission.ts';
import { readLogin } from './login.ts';
import type { Visit } from './visit.ts';

export interface WatcherAdmissionPorts {
  readonly jwtSecret: Uint8Array;
  /** The desktop of this student in this exam. */
  atSeat(seat: Seat): Desktop | undefined;
}

/** Who looks on, as his login says. */
export interface Watcher {
  readonly userId: number;
  readonly username: string;
  readonly role: 'ADMIN' | 'PROCTOR';
}

export type WatcherAdmission =
  | { readonly kind: 'admitted'; readonly desktop: Desktop; readonly watcher: Watcher }
  | Refused;

const SEAT = /^([1-9]\d{0,14}):([1-9]\d{0,14})$/;
const Claims = z.object({
  // The contract's is a number; libraries that insist on RFC 7519's string send it as one.
  sub: z.coerce.number().int().positive(),
  username: z.string().min(1).max(200),
  role: z.enum(['ADMIN', 'PROCTOR']),
  // Beside the contract. Other control-planes say neither, or mean something else by it.
  use: z.unknown().optional(),
  watch: z.unknown().optional(),
});

/**
 * Decides whether somebody may look at a running session: `watch` says whose, EXAM:STUDENT, `jwt` who he is. A login in a
 * cookie does not do: it comes along with whatever page opens the tunnel. Nor does a login that its control-plane has made
 * for itself only, since it lives for hours and nobody here knows whether its holder may still look: our own makes a pass for
 * each look, of this one session.
 */
export async function admitWatcher(ports: WatcherAdmissionPorts, { query }: Visit): Promise<WatcherAdmission> {
  const seat = SEAT.exec(query.get('watch') ?? '');
  if (!seat) return refused('token', 'watches nobody: EXAM:STUDENT is meant');
  const jwt = query.get('jwt');
  if (jwt === null) return refused('no-login', 'to watch');
  const login = Claims.safeParse(await readLogin(jwt, ports.jwtSecret, ['exp']));
  if (!login.success) return refused('foreign-login', 'no login of an admin or proctor, to watch');
  const { sub: userId, username, role, use, watch } = login.data;
  if (use === 'console') return refused('foreign-login', 'a login of the console’s: to watch it gives a pass');
  if (use === 'watch' && watch !== seat[0])
    return refused('foreign-login', `a pass for another session than ${seat[0]}`);
  const desktop = ports.atSeat({ examId: Number(seat[1]), userId: Number(seat[2]) });
  if (!desktop || !isUsable(desktop)) return refused('no-desktop', `no session ${seat[0]} to watch`);
  return { kind: 'admitted', desktop, watcher: { userId, username, role } };
}
