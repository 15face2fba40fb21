import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Container } from 'dockerode';
import { studentOf } from '../rig/student.ts';

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
  const exec = await container.exec({
    Cmd: [...command],
    User: user === 'student' ? await studentOf(container) : '0:0',
    WorkingDir: '/tmp',
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const out = new PassThrough();
  const printed = text(out);
  exec.modem.demuxStream(stream, out, out);
  stream.once('end', () => out.end());
  const lines = (await printed).trim().split('\n');
  const { ExitCode } = await exec.inspect();
  return { through: ExitCode === 0, why: lines.at(-1) ?? '' };
}
