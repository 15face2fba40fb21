import type { Role } from './login-token.ts';
import { hashPassword, isPassword } from './password.ts';
import type { Clock, ExamStore, Log, UserStore, WithLock } from './ports.ts';
import type { ControlPlaneSettings } from './settings.ts';

export interface FirstStartPorts {
  readonly users: UserStore;
  readonly exams: ExamStore;
  readonly withLock: WithLock;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ControlPlaneSettings;
}

export const ADMIN = 'admin';
export const SAMPLE_STUDENT = 'student';
const SAMPLE_EXAM = { name: 'Sample exam', accessCode: 'SAMPLE', days: 30 } as const;

/**
 * Makes what an empty database needs to be of use. The two passwords are the environment's at every start, since that is
 * the only place where an operator can change them.
 */
export async function prepareFirstStart(ports: FirstStartPorts): Promise<void> {
  await ports.withLock('first-start', async () => {
    const first = (await ports.users.byName(ADMIN)) === undefined;
    // Before the users: a start that dies between the two is still a first start.
    if (first && (await ports.exams.all()).length === 0) await makeSampleExam(ports);
    await keepUser(ports, ADMIN, 'ADMIN', ports.settings.adminPassword);
    await keepUser(ports, SAMPLE_STUDENT, 'STUDENT', ports.settings.studentPassword);
  });
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

async function keepUser(ports: FirstStartPorts, username: string, role: Role, password: string): Promise<void> {
  const user = await ports.users.byName(username);
  if (user && user.role === role && (await isPassword(password, user.passwordHash))) return;
  await ports.users.put({ username, role, passwordHash: await hashPassword(password) });
  ports.log.info({ username, role }, user ? 'password taken from the environment' : 'user made');
}
