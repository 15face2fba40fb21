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
});

/**
 * Decides whether somebody may look at a running session: `watch` says whose, EXAM:STUDENT, `jwt` who he is. A login in a
 * cookie does not do: it comes along with whatever page opens the tunnel.
 */
export async function admitWatcher(ports: WatcherAdmissionPorts, { query }: Visit): Promise<WatcherAdmission> {
  const seat = SEAT.exec(query.get('watch') ?? '');
  if (!seat) return refused('token', 'watches nobody: EXAM:STUDENT is meant');
  const jwt = query.get('jwt');
  if (jwt === null) return refused('no-login', 'to watch');
  const watcher = await readWatcher(jwt, ports.jwtSecret);
  if (!watcher) return refused('foreign-login', 'no login of an admin or proctor, to watch');
  const desktop = ports.atSeat({ examId: Number(seat[1]), userId: Number(seat[2]) });
  if (!desktop || !isUsable(desktop)) return refused('no-desktop', `no session ${seat[0]} to watch`);
  return { kind: 'admitted', desktop, watcher };
}

async function readWatcher(jwt: string, secret: Uint8Array): Promise<Watcher | undefined> {
  const login = Claims.safeParse(await readLogin(jwt, secret, ['exp']));
  if (!login.success) return undefined;
  const { sub: userId, username, role } = login.data;
  return { userId, username, role };
}
