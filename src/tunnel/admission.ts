import { jwtVerify } from 'jose';
import { type Desktop, isInUse, seatOf } from '../desktop/desktop.ts';
import { readToken } from './token.ts';
import type { TokenBook } from './token-book.ts';

export interface AdmissionPorts {
  /** The contract's token key, 32 bytes. */
  readonly tokenKey: Buffer;
  readonly jwtSecret: Uint8Array;
  /** Without a student's JWT nobody comes in. */
  readonly requireJwt: boolean;
  readonly book: TokenBook;
  atAddress(ip: string): Desktop | undefined;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly desktop: Desktop }
  /** For the log only; every caller gets the same words. */
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Decides whether a tunnel may open, and to which desktop. The token's address is a claim: only a desktop that this
 * worker has given to a student is ever opened, and with its student's JWT where there is one.
 */
export async function admit(ports: AdmissionPorts, query: URLSearchParams): Promise<Admission> {
  const token = query.get('token') ?? '';
  const ip = readToken(token, ports.tokenKey);
  if (ip === undefined) return refused('no token of ours');
  const desktop = ports.atAddress(ip);
  if (!desktop || !isInUse(desktop)) return refused(`no student's desktop at ${ip}`);
  const jwt = query.get('jwt');
  if (jwt === null && ports.requireJwt) return refused('no JWT');
  if (jwt !== null && !(await isStudentOf(desktop, jwt, ports.jwtSecret))) return refused('JWT is not this student’s');
  if (!ports.book.admit(token, desktop.containerId)) return refused('token of an earlier session');
  return { kind: 'admitted', desktop };
}

async function isStudentOf(desktop: Desktop, jwt: string, secret: Uint8Array): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(jwt, secret, { algorithms: ['HS256'] });
    return String(payload.sub) === String(seatOf(desktop)?.userId);
  } catch {
    return false;
  }
}

function refused(why: string): Admission {
  return { kind: 'refused', why };
}
