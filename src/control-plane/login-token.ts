import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

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

export interface LoginTokens {
  issue(caller: Caller, now: Date): Promise<string>;
  /** Undefined for a token that is not ours, is over, or says something we never say. */
  read(token: string, now: Date): Promise<Caller | undefined>;
}

const LIFE_SEC = 12 * 3600;

// The contract's sub is the user's number; libraries that insist on RFC 7519's string send it as one.
const claims = z.object({
  sub: z.coerce.number().int().positive(),
  username: z.string().min(1),
  role: z.enum(roles),
  // Beside the contract.
  passwordVersion: z.number().int().optional(),
});

export function loginTokens(secret: string): LoginTokens {
  const key = new TextEncoder().encode(secret);
  return {
    async issue(caller, now) {
      const issuedAt = Math.floor(now.getTime() / 1000);
      const { username, role, passwordVersion } = caller;
      return await new SignJWT({ username, role, passwordVersion, ...numericSubject(caller.userId) })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + LIFE_SEC)
        .sign(key);
    },
    async read(token, now) {
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], currentDate: now });
        const said = claims.safeParse(payload);
        if (!said.success || payload.exp === undefined) return undefined;
        const { sub, ...rest } = said.data;
        return { userId: sub, ...rest };
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
