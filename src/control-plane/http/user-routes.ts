import { type Response, Router } from 'express';
import { z } from 'zod';
import { hashPassword } from '../password.ts';
import type { Log, UserStore } from '../ports.ts';
import {
  anyRole,
  generatePassword,
  type NewUser,
  passwordField,
  personField,
  type User,
  usernameField,
  usernameKey,
} from '../user.ts';
import { defined, idOf, notFound, readBody, refuse } from './answers.ts';
import { type CallerPorts, callerOf, onlyFor } from './callers.ts';

const newUser = z.strictObject({
  username: usernameField,
  name: personField.default(''),
  role: anyRole.default('STUDENT'),
  password: passwordField.optional(),
});
const changedUser = z
  .strictObject({
    username: usernameField.optional(),
    name: personField.optional(),
    role: anyRole.optional(),
    password: passwordField.optional(),
    generatePassword: z.literal(true).optional(),
  })
  .refine(({ password, generatePassword }) => !(password && generatePassword), {
    error: 'say password or generatePassword, not both',
    path: ['password'],
  });
const listed = z.object({
  q: z.string().trim().max(100).optional(),
  role: anyRole.optional(),
  after: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

export interface UserRoutePorts extends CallerPorts {
  readonly users: UserStore;
  readonly log: Log;
}

/** Who may log in. */
export function userRoutes(ports: UserRoutePorts): Router {
  const { users, log } = ports;
  const admin = onlyFor(ports, 'ADMIN');
  const router = Router();

  router.get('/users', admin, async (request, response) => {
    const query = readBody(response, listed, request.query);
    if (!query) return;
    const found = await users.list({ ...query, text: query.q || undefined });
    const last = found.users.length === query.limit ? found.users.at(-1) : undefined;
    response.json({
      users: found.users.map((user) => ({ ...view(user), sessions: user.sessions })),
      total: found.total,
      next: last ? usernameKey(last.username) : null,
    });
  });

  router.post('/users', admin, async (request, response) => {
    const body = readBody(response, newUser, request.body);
    if (!body) return;
    const password = body.password ?? generatePassword();
    const { username, name, role } = body;
    const user = await users.create({ username, name, role, passwordHash: await hashPassword(password) });
    if (user === 'username_taken') return refuseUser(response, user);
    log.info({ by: callerOf(response).userId, userId: user.id, role }, 'user made');
    response.status(201).json({ ...view(user), ...(body.password ? {} : { generatedPassword: password }) });
  });

  router.patch('/users/:id', admin, async (request, response) => {
    const id = idOf(request.params.id);
    if (!id || !(await users.byId(id))) return notFound(response, 'user');
    const body = readBody(response, changedUser, request.body);
    if (!body) return;
    const { password: said, generatePassword: asked, ...rest } = body;
    const password = asked ? generatePassword() : said;
    const fields: Partial<NewUser> = {
      ...defined(rest),
      ...(password ? { passwordHash: await hashPassword(password) } : {}),
    };
    const user = await users.change(id, fields);
    if (typeof user === 'string') return refuseUser(response, user);
    log.info({ by: callerOf(response).userId, userId: id, fields: Object.keys(fields) }, 'user changed');
    response.json({ ...view(user), ...(asked ? { generatedPassword: password } : {}) });
  });

  router.delete('/users/:id', admin, async (request, response) => {
    const id = idOf(request.params.id);
    const outcome = id ? await users.remove(id) : 'not_found';
    if (outcome !== 'removed') return refuseUser(response, outcome);
    log.info({ by: callerOf(response).userId, userId: id }, 'user removed');
    response.json({ message: 'removed' });
  });

  return router;
}

const REFUSALS = {
  username_taken: 'Another user has this user name already.',
  last_admin: 'This is the only administrator. Make another one first.',
  user_in_use: 'This student sits in an exam. Release the session first.',
} as const;

function refuseUser(response: Response, word: keyof typeof REFUSALS | 'not_found'): void {
  if (word === 'not_found') notFound(response, 'user');
  else refuse(response, 409, { error: word, message: REFUSALS[word] });
}

/** What may be seen of a user: never the password's hash. */
function view({ id, username, name, role, createdAt, updatedAt }: User) {
  return { id, username, name, role, createdAt, updatedAt };
}
