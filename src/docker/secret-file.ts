import { basename } from 'node:path/posix';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import tar from 'tar-stream';

/**
 * Where a desktop's own secrets lie: root's, unreadable to the student, and gone with the desktop. On its volume, for an
 * engine copies nothing into a read-only root.
 */
const FOLDER = '.exam';
const PASSWORD = 'rdp-password';
const PROOF_KEY = 'proof-key';

/** Where the archive of `packSecrets` is unpacked: a folder that every desktop has. */
export const secretsParent = '/home';
export const passwordPath = `${secretsParent}/${FOLDER}/${PASSWORD}`;

/**
 * A tar archive to unpack at `secretsParent` before the desktop's first start.
 * @param proofKey what it signs its proofs with; without it, it proves itself to nobody
 */
export async function packSecrets(password: string, proofKey?: Buffer): Promise<Buffer> {
  const pack = tar.pack();
  pack.entry({ name: `${FOLDER}/`, type: 'directory', mode: 0o700, uid: 0, gid: 0 });
  pack.entry({ name: `${FOLDER}/${PASSWORD}`, mode: 0o600, uid: 0, gid: 0 }, password);
  if (proofKey) {
    pack.entry({ name: `${FOLDER}/${PROOF_KEY}`, mode: 0o600, uid: 0, gid: 0 }, `${proofKey.toString('hex')}\n`);
  }
  pack.finalize();
  return buffer(pack);
}

/** @throws Error when the archive holds no password */
export async function unpackPassword(archive: Readable): Promise<string> {
  for await (const entry of archive.pipe(tar.extract())) {
    if (basename(entry.header.name) === PASSWORD) return (await buffer(entry)).toString('utf8');
    entry.resume();
  }
  throw new Error(`no ${passwordPath} in this desktop`);
}
