import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import tar from 'tar-stream';

/** Where a desktop's own RDP password lies: root's, unreadable to the student, and gone with the container. */
const DIRECTORY = '/etc/exam';
const FILE = 'rdp-password';

export const passwordDirectory = DIRECTORY;
export const passwordPath = `${DIRECTORY}/${FILE}`;

/** A tar archive to unpack at `passwordDirectory`. */
export async function packPassword(password: string): Promise<Buffer> {
  const pack = tar.pack();
  pack.entry({ name: FILE, mode: 0o600, uid: 0, gid: 0 }, password);
  pack.finalize();
  return buffer(pack);
}

/** @throws Error when the archive holds no password */
export async function unpackPassword(archive: Readable): Promise<string> {
  for await (const entry of archive.pipe(tar.extract())) {
    if (entry.header.name === FILE) return (await buffer(entry)).toString('utf8');
    entry.resume();
  }
  throw new Error(`no ${passwordPath} in this desktop`);
}
