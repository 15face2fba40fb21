import { Router } from 'express';
import { z } from 'zod';
import { type Attempts, PASSWORDS } from '../attempts.ts';
import type { Caller } from '../login-token.ts';
import { hashPassword, isPassword } from '../password.ts';
import { passwordField, type User, usernameKey } from '../user.ts';
import { readBody, refuse } from './answers.ts';
import { type CallerPorts, callerOf, onlyFor } from './callers.ts';
import { tooMany } from './too-many.ts';

const credentials = z.object({ username: z.string().trim().min(1).max(100), password: z.string().min(1).max(200) });
const newPassword = z.strictObject({ currentPassword: z.string().min(1).max(200), newPassword: passwordField });

export interface LoginRoutePorts extends CallerPorts {
  readonly attempts: Attempts;
}

export function loginRoutes(ports: LoginRoutePorts): Router {
  const { users, loginTokens, clock, attempts } = ports;
  // Checked against for names that do not exist, so that the time taken does not tell which names do.
  const nobody = hashPassword('nobody');
  const router = Router();

  async function login({ id, username, name, role, passwordVersion }: User) {
    const caller: Caller = { userId: id, username, role, passwordVersion };
    return { access_token: await loginTokens.issue(caller, clock()), user: { id, username, name, role } };
  }

  router.post('/auth/login', async (request, response) => {
    const body = readBody(response, credentials, request.body);
    if (!body) return;
    const key = usernameKey(body.username);
    // Before the hashing, which is what costs.
    if (tooMany(response, await attempts.wait(PASSWORDS, key), PASSWORDS)) return;
    const user = await users.byName(body.username);
    const right = await isPassword(body.password, user?.passwordHash ?? (await nobody));
    if (!user || !right) {
      if (tooMany(response, await attempts.failed(PASSWORDS, key), PASSWORDS)) return;
      return refuse(response, 401, { error: 'wrong_login', message: 'The user name or the password is wrong.' });
    }
    if (tooMany(response, await attempts.succeeded(PASSWORDS, key), PASSWORDS)) return;
    response.json(await login(user));
  });

  router.post('/auth/password', onlyFor(ports), async (request, response) => {
    const body = readBody(response, newPassword, request.body);
    if (!body) return;
    const { userId, username } = callerOf(response);
    const key = usernameKey(username);
    if (tooMany(response, await attempts.wait(PASSWORDS, key), PASSWORDS)) return;
    const before = await users.byId(userId);
    if (!before || !(await isPassword(body.currentPassword, before.passwordHash))) {
      if (tooMany(response, await attempts.failed(PASSWORDS, key), PASSWORDS)) return;
      return refuse(response, 403, { error: 'wrong_password', message: 'The current password is wrong.' });
    }
    if (tooMany(response, await attempts.succeeded(PASSWORDS, key), PASSWORDS)) return;
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
