import type { z } from 'zod';
import { flag, text, whole } from './config-fields.ts';

/** Where the history of sessions goes: the central database, and the outbox on this worker until it is there. */
export const historyFields = {
  DB_HOST: text(''),
  DB_PORT: whole(5432, 1, 65_535),
  DB_USER: text(''),
  DB_PASSWORD: text(''),
  DB_NAME: text(''),
  DB_SSL: flag(false),
  DB_CA_FILE: text(''),
  OUTBOX_DIR: text('/var/lib/vdi-worker/outbox'),
  OUTBOX_MAX_MB: whole(64, 1, 4096),
};

type HistoryFields = { [Name in keyof typeof historyFields]: z.output<(typeof historyFields)[Name]> };

/** An operator's word for a worker without a central database: its history stays on it. */
const isNoHost = (host: string): boolean => host === '' || host === 'none';

/** A database that is named must be one that can be logged in to. */
export function requireWholeLogin(env: HistoryFields, context: z.RefinementCtx): void {
  if (isNoHost(env.DB_HOST)) return;
  for (const name of ['DB_USER', 'DB_PASSWORD', 'DB_NAME'] as const)
    if (env[name] === '')
      context.addIssue({ code: 'custom', path: [name], message: 'is required where DB_HOST is set' });
}

export function historySettings(env: HistoryFields) {
  const { DB_HOST: host, DB_PORT: port, DB_USER: user, DB_PASSWORD: password, DB_NAME: database } = env;
  return {
    database: isNoHost(host) ? undefined : { host, port, user, password, database },
    tls: env.DB_SSL,
    caFile: env.DB_CA_FILE,
    directory: env.OUTBOX_DIR,
    maxBytes: env.OUTBOX_MAX_MB * 1024 * 1024,
  };
}
