import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Seat } from './dispatch.ts';

export const roles = ['ADMIN', 'PROCTOR', 'STUDENT'] as const;
export type Role = (typeof roles)[number];

/** Who is speaking, as the login token says. */
export interface Caller {
  readonly userId: number;
  readonly username: string;
  readonly role: Role;
  /** Which of the user's passwords the login was made with. */
  readonly passwordVersion?: number | undefined;
}

/** Good for one look, soon: the worker cannot ask whether its holder still may. */
export interface WatchPass {
  readonly jwt: string;
  readonly expiresAt: Date;
}

export interface LoginTokens {
  issue(caller: Caller, now: Date): Promise<string>;
  /** @param now by the clock of the worker that is to take it */
  issueWatchPass(caller: Caller, seat: Seat, now: Date): Promise<WatchPass>;
  /** Undefined for a token that is not ours, is over, or says something we never say. */
  read(token: string, now: Date): Promise<Caller | undefined>;
}

const LIFE_SEC = 12 * 3600;
const WATCH_PASS_SEC = 60;

// The contract's sub is the user's number; libraries that insist on RFC 7519's string send it as one.
const claims = z.object({
  sub: z.coerce.number().int().positive(),
  username: z.string().min(1),
  role: z.enum(roles),
  // Beside the contract. What it is for: a pass for one look is no login. One of an older version does not say.
  use: z.literal('console').optional(),
  passwordVersion: z.number().int().optional(),
});

export function loginTokens(secret: string): LoginTokens {
  const key = new TextEncoder().encode(secret);
  const sign = (claims: object, { userId, username, role }: Caller, now: Date, lifeSec: number): Promise<string> => {
    const issuedAt = Math.floor(now.getTime() / 1000);
    return new SignJWT({ username, role, ...claims, ...numericSubject(userId) })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifeSec)
      .sign(key);
  };
  return {
    issue: (caller, now) => sign({ use: 'console', passwordVersion: caller.passwordVersion }, caller, now, LIFE_SEC),
    async issueWatchPass(caller, { examId, userId }, now) {
      const jwt = await sign({ use: 'watch', watch: `${examId}:${userId}` }, caller, now, WATCH_PASS_SEC);
      return { jwt, expiresAt: new Date(now.getTime() + WATCH_PASS_SEC * 1000) };
    },
    async read(token, now) {
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], currentDate: now });
        const said = claims.safeParse(payload);
        if (!said.success || payload.exp === undefined) return undefined;
        const { sub, username, role, passwordVersion } = said.data;
        return { userId: sub, username, role, passwordVersion };
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

// jose types sub as a string; the contract's is a number.
function numericSubject(userId: number): Record<string, unknown> {
  return { sub: userId };
}
