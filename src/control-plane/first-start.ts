import { hashPassword } from './password.ts';
import type { Clock, ExamStore, Log, UserStore, WithLock } from './ports.ts';
import { generatePassword, type User } from './user.ts';

export interface FirstStartPorts {
  readonly users: UserStore;
  readonly exams: ExamStore;
  readonly withLock: WithLock;
  readonly clock: Clock;
  readonly log: Log;
}

/** A password that was made up here: shown to whoever asked for it, kept nowhere. */
export interface ShownPassword {
  readonly username: string;
  readonly password: string;
}

export const ADMIN = 'admin';
export const SAMPLE_STUDENT = 'student';
const SAMPLE_EXAM = { name: 'Sample exam', accessCode: 'SAMPLE', days: 30 } as const;

/**
 * Makes what an empty database needs to be of use, once. The administrator comes last: a start that dies before has made no
 * first start yet, and the next one does it whole.
 */
export async function firstStart(ports: FirstStartPorts): Promise<ShownPassword[]> {
  return await ports.withLock('first-start', async () => {
    if ((await ports.users.count('ADMIN')) > 0) return [];
    if ((await ports.exams.all()).length === 0) await makeSampleExam(ports);
    return [await newPassword(ports.users, SAMPLE_STUDENT, 'STUDENT'), await newPassword(ports.users, ADMIN, 'ADMIN')];
  });
}

/** A new password for this user, whom it makes where there is none. Older logins of his are over. */
export async function newPassword(
  users: UserStore,
  username: string,
  role: User['role'] | undefined,
): Promise<ShownPassword> {
  const password = generatePassword();
  const passwordHash = await hashPassword(password);
  const known = await users.byName(username);
  if (!known && !role) throw new UnknownUser(`There is no user ${username}.`);
  const put = known
    ? await users.change(known.id, { passwordHash, ...(role ? { role } : {}) })
    : await users.create({ username, name: '', role: role as User['role'], passwordHash });
  if (typeof put === 'string') throw new UnknownUser(`${username} has just been changed by somebody else. Try again.`);
  return { username: put.username, password };
}

export class UnknownUser extends Error {
  override name = 'UnknownUser';
}

async function makeSampleExam({ exams, clock, log }: FirstStartPorts): Promise<void> {
  const now = clock();
  const exam = await exams.create({
    name: SAMPLE_EXAM.name,
    description: 'One question, to see that everything works.',
    accessCode: SAMPLE_EXAM.accessCode,
    startTime: new Date(now.getTime() - 60_000),
    endTime: new Date(now.getTime() + SAMPLE_EXAM.days * 86_400_000),
    isActive: true,
  });
  log.info({ examId: exam.id, name: exam.name }, 'sample exam made');
}
