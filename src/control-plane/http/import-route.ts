import express, { Router } from 'express';
import { z } from 'zod';
import { importUsers } from '../import-users.ts';
import { hashPassword } from '../password.ts';
import { readUserFile, UnreadableFile, type UserFile } from '../user-file.ts';
import { NDJSON } from './answer-errors.ts';
import { readBody, refuse } from './answers.ts';
import { callerOf, onlyFor } from './callers.ts';
import type { UserRoutePorts } from './user-routes.ts';

const LIMIT = 1024 * 1024;
/** Lines of progress: often enough for a bar, seldom enough to cost nothing. */
const TELL_EVERY_MS = 500;

const wishes = z.object({
  existing: z.enum(['keep', 'update'], { error: 'must be keep or update' }).default('keep'),
  all: z.stringbool({ error: 'must be true or false' }).default(false),
});

/** Students from a file. The whole of it is checked before the slow part, the hashing, begins. */
export function importRoute(ports: UserRoutePorts): Router {
  const router = Router();
  const file = express.raw({ type: ['text/csv', 'text/plain', 'application/vnd.ms-excel'], limit: LIMIT });

  router.post('/users/import', onlyFor(ports, 'ADMIN'), file, async (request, response) => {
    const wish = readBody(response, wishes, request.query);
    if (!wish) return;
    if (!Buffer.isBuffer(request.body)) {
      return refuse(response, 415, { error: 'not_csv', message: 'Send the file itself, as text/csv.' });
    }
    const read = readOrWhyNot(request.body);
    if (read instanceof UnreadableFile) {
      const { why, values, message } = read;
      return refuse(response, 400, { error: 'unreadable_file', message, why, values });
    }
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    // A minute without a byte is what proxies end a request for.
    const inLines = request.accepts(['json', NDJSON]) === NDJSON;
    let toldAt = 0;
    const progress = (done: number, rows: number, taken: number) => {
      if (!inLines || (performance.now() - toldAt < TELL_EVERY_MS && done < rows)) return;
      toldAt = performance.now();
      if (!response.headersSent) response.type(NDJSON);
      response.write(`${JSON.stringify({ done, rows, taken })}\n`);
    };
    const { kind, ...outcome } = await importUsers({ users: ports.users, hash: hashPassword }, read, wish, {
      signal: gone.signal,
      progress,
    });
    const { errors, ignoredColumns: _, ...counts } = outcome;
    const told = kind === 'given_up' ? 'import ended half way: who sent the file has gone' : 'users imported';
    ports.log.info({ by: callerOf(response).userId, ...wish, ...counts, kind }, told);
    if (kind === 'refused') {
      const message = `Nothing was imported: ${counts.failed} of ${counts.rows} rows are not right.`;
      return refuse(response, 422, { error: 'rows_refused', message, ...outcome, errors });
    }
    if (kind === 'given_up') return;
    if (!inLines) return void response.json(outcome);
    if (!response.headersSent) response.type(NDJSON);
    response.end(`${JSON.stringify({ result: outcome })}\n`);
  });
  return router;
}

function readOrWhyNot(bytes: Buffer): UserFile | UnreadableFile {
  try {
    return readUserFile(bytes);
  } catch (error) {
    if (error instanceof UnreadableFile) return error;
    throw error;
  }
}
