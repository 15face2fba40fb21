import type { Container } from 'dockerode';
import { execIn, studentOf } from '../rig/student.ts';

export interface Outcome {
  /** The command ended with 0. */
  readonly through: boolean;
  /** The last line it printed: why. */
  readonly why: string;
}

/** Runs a command inside a container as a user id and waits for its end. */
export async function run(
  container: Container,
  user: 'student' | 'root',
  command: readonly string[],
): Promise<Outcome> {
  const { code, output } = await execIn(container, command, user === 'student' ? await studentOf(container) : '0:0');
  return { through: code === 0, why: output.split('\n').at(-1) ?? '' };
}
