import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type Docker from 'dockerode';

/** Put before a command inside a desktop, it runs as the student: his uid is another in each. */
export const AS_STUDENT = [
  'bash',
  '-c',
  'exec setpriv --reuid="$(stat -c %u /home/student)" --regid=1000 --clear-groups -- "$@"',
  'as-student',
] as const;

/** Runs a command inside a container, by default as root, with no more rights than the container has unless told so. */
export async function execIn(
  container: Docker.Container,
  command: readonly string[],
  user = '0:0',
  Privileged = false,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const exec = await container.exec({
    Cmd: [...command],
    User: user,
    Privileged,
    WorkingDir: '/tmp',
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  const out = new PassThrough();
  const printed = text(out);
  container.modem.demuxStream(stream, out, out);
  stream.once('end', () => out.end());
  const output = (await printed).trim();
  return { code: (await exec.inspect()).ExitCode, output };
}

/** The student of this desktop as `docker exec --user` takes him. */
export async function studentOf(desktop: Docker.Container): Promise<string> {
  return `${(await execIn(desktop, ['stat', '-c', '%u', '/home/student'])).output}:1000`;
}
