// Run inside the control-plane's container, by start.sh and ./bootstrap-worker.sh password. The passwords go to stdout, to
// whoever asked, and nowhere else: a service's own output is kept by the engine in a file.
//   node src/passwords.ts first         makes what an empty database needs; says nothing where that was done before
//   node src/passwords.ts new USERNAME  a new password for this user; `admin` is made where there is none
import { pino } from 'pino';
import { BadSettings, readControlPlaneConfig } from './config.ts';
import {
  ADMIN,
  type FirstStartPorts,
  firstStart,
  newPassword,
  type ShownPassword,
  UnknownUser,
} from './control-plane/first-start.ts';
import { usernameKey } from './control-plane/user.ts';
import { openDatabase } from './postgres/database.ts';
import { examStore } from './postgres/exam-store.ts';
import { CONTROL_PLANE_TABLES, migrate } from './postgres/migrate.ts';
import { userStore } from './postgres/user-store.ts';

async function main([command, username]: readonly string[]): Promise<void> {
  const settings = readControlPlaneConfig();
  // Seen by the person who typed the command: only what failed.
  const log = pino({ level: 'error' }, pino.destination(2));
  const database = openDatabase(settings.database, { name: 'passwords', connections: 2 }, () => {});
  try {
    await migrate(settings.database, CONTROL_PLANE_TABLES, (reason) => log.error({ reason }, 'a migration failed'));
    const ports = {
      users: userStore(database),
      exams: examStore(database.pool),
      withLock: database.withLock,
      clock: () => new Date(),
      log,
    };
    for (const made of await answer(command, username, ports))
      process.stdout.write(`${made.username} ${made.password}\n`);
  } finally {
    await database.close();
  }
}

async function answer(
  command: string | undefined,
  username: string | undefined,
  ports: FirstStartPorts,
): Promise<ShownPassword[]> {
  if (command === 'first') return await firstStart(ports);
  if (command !== 'new' || !username) throw new UnknownUser('usage: node src/passwords.ts first | new USERNAME');
  // Whoever may run this owns the database: with no administrator left there is no other way in.
  return [await newPassword(ports.users, username, usernameKey(username) === ADMIN ? 'ADMIN' : undefined)];
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isExpected = error instanceof BadSettings || error instanceof UnknownUser;
  process.stderr.write(`${isExpected ? error.message : error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
