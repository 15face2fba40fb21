import { type Response, Router } from 'express';
import { z } from 'zod';
import type { Caller } from '../login-token.ts';
import { hashPassword, isPassword } from '../password.ts';
import { passwordField, type User, usernameKey } from '../user.ts';
import { readBody, refuse } from './answers.ts';
import { attempts } from './attempts.ts';
import { type CallerPorts, callerOf, onlyFor } from './callers.ts';

const credentials = z.object({ username: z.string().trim().min(1).max(100), password: z.string().min(1).max(200) });
const newPassword = z.strictObject({ currentPassword: z.string().min(1).max(200), newPassword: passwordField });

export function loginRoutes(ports: CallerPorts): Router {
  const { users, loginTokens, clock } = ports;
  const tries = attempts(clock, 10, 60);
  // Checked against for names that do not exist, so that the time taken does not tell which names do.
  const nobody = hashPassword('nobody');
  const router = Router();

  function mustWait(response: Response, key: string): boolean {
    const wait = tries.waitFor(key);
    if (wait === 0) return false;
    response.set('Retry-After', String(wait));
    const message = `Too many wrong passwords. Try again in ${wait} seconds.`;
    refuse(response, 429, { error: 'too_many_attempts', message, retryAfterSec: wait });
    return true;
  }

  async function login({ id, username, name, role, passwordVersion }: User) {
    const caller: Caller = { userId: id, username, role, passwordVersion };
    return { access_token: await loginTokens.issue(caller, clock()), user: { id, username, name, role } };
  }

  router.post('/auth/login', async (request, response) => {
    const body = readBody(response, credentials, request.body);
    if (!body) return;
    const key = usernameKey(body.username);
    if (mustWait(response, key)) return;
    const user = await users.byName(body.username);
    const right = await isPassword(body.password, user?.passwordHash ?? (await nobody));
    if (!user || !right) {
      tries.failed(key);
      return refuse(response, 401, { error: 'wrong_login', message: 'The user name or the password is wrong.' });
    }
    tries.succeeded(key);
    response.json(await login(user));
  });

  router.post('/auth/password', onlyFor(ports), async (request, response) => {
    const body = readBody(response, newPassword, request.body);
    if (!body) return;
    const { userId, username } = callerOf(response);
    const key = usernameKey(username);
    if (mustWait(response, key)) return;
    const before = await users.byId(userId);
    if (!before || !(await isPassword(body.currentPassword, before.passwordHash))) {
      tries.failed(key);
      return refuse(response, 403, { error: 'wrong_password', message: 'The current password is wrong.' });
    }
    tries.succeeded(key);
    const user = await users.change(userId, { passwordHash: await hashPassword(body.newPassword) });
    if (typeof user === 'string') return refuse(response, 401, { error: 'not_logged_in', message: 'Log in first.' });
    response.json(await login(user));
  });

  router.get('/auth/me', onlyFor(ports), (_request, response) => {
    const { userId, username, role } = callerOf(response);
    response.json({ id: userId, username, role });
  });

  return router;
}
