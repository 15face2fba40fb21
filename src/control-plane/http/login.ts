import { Router } from 'express';
import { z } from 'zod';
import { hashPassword, isPassword } from '../password.ts';
import { readBody, refuse } from './answers.ts';
import { attempts } from './attempts.ts';
import { type CallerPorts, callerOf, onlyFor } from './callers.ts';

const credentials = z.object({ username: z.string().trim().min(1).max(100), password: z.string().min(1).max(200) });

export function loginRoutes(ports: CallerPorts): Router {
  const { users, loginTokens, clock } = ports;
  const tries = attempts(clock, 10, 60);
  // Checked against for names that do not exist, so that the time taken does not tell which names do.
  const nobody = hashPassword('nobody');
  const router = Router();

  router.post('/auth/login', async (request, response) => {
    const body = readBody(response, credentials, request.body);
    if (!body) return;
    const wait = tries.waitFor(body.username);
    if (wait > 0) {
      response.set('Retry-After', String(wait));
      const message = `Too many wrong passwords. Try again in ${wait} seconds.`;
      return refuse(response, 429, { error: 'too_many_attempts', message, retryAfterSec: wait });
    }
    const user = await users.byName(body.username);
    const right = await isPassword(body.password, user?.passwordHash ?? (await nobody));
    if (!user || !right) {
      tries.failed(body.username);
      return refuse(response, 401, { error: 'wrong_login', message: 'The user name or the password is wrong.' });
    }
    tries.succeeded(body.username);
    const token = await loginTokens.issue({ userId: user.id, username: user.username, role: user.role }, clock());
    response.json({ access_token: token, user: { id: user.id, username: user.username, role: user.role } });
  });

  router.get('/auth/me', onlyFor(ports), (_request, response) => {
    const { userId, username, role } = callerOf(response);
    response.json({ id: userId, username, role });
  });

  return router;
}
