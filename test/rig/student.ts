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

/** The student of this desktop as `docker exec --user` takes him. */
export async function studentOf(desktop: Docker.Container): Promise<string> {
  const exec = await desktop.exec({ Cmd: ['stat', '-c', '%u', '/home/student'], AttachStdout: true });
  const stream = await exec.start({});
  const out = new PassThrough();
  const printed = text(out);
  desktop.modem.demuxStream(stream, out, out);
  stream.once('end', () => out.end());
  return `${(await printed).trim()}:1000`;
}
