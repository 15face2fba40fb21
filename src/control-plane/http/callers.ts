import type { Request, RequestHandler, Response } from 'express';
import type { Caller, LoginTokens, Role } from '../login-token.ts';
import type { Clock, UserStore } from '../ports.ts';
import { refuse } from './answers.ts';

export interface CallerPorts {
  readonly users: UserStore;
  readonly loginTokens: LoginTokens;
  readonly clock: Clock;
}

/** Lets in who holds a login token of ours, is still known, and has one of the roles (none named: any). */
export function onlyFor(ports: CallerPorts, ...allowed: Role[]): RequestHandler {
  return async (request, response, next) => {
    const caller = await callerIn(ports, request);
    if (!caller) {
      response.set('WWW-Authenticate', 'Bearer');
      return refuse(response, 401, { error: 'not_logged_in', message: 'Log in first.' });
    }
    if (allowed.length > 0 && !allowed.includes(caller.role)) {
      return refuse(response, 403, { error: 'not_allowed', message: 'Your role may not do this.' });
    }
    response.locals.caller = caller;
    next();
  };
}

/** Whose login token the request carries; undefined when it is none of ours, over, or of somebody who is not known any more. */
export async function callerIn(
  { users, loginTokens, clock }: CallerPorts,
  request: Request,
): Promise<Caller | undefined> {
  const token = /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
  const caller = token ? await loginTokens.read(token, clock()) : undefined;
  // The role is the database's, not the token's: taking a role away must not take 12 hours.
  const user = caller ? await users.byId(caller.userId) : undefined;
  // A login of before the password was changed may be the very one that it was changed for.
  if (!user || (caller?.passwordVersion ?? 0) !== user.passwordVersion) return undefined;
  return { userId: user.id, username: user.username, role: user.role };
}

/** Whom onlyFor has let in. */
export function callerOf(response: Response): Caller {
  return response.locals.caller as Caller;
}
