import { spawnInNamespaces } from '../rig/namespaces.ts';
import { NEVER, NOT_BACK, type Row } from './table.ts';

/** Provokes the faults that need an engine of our own, in namespaces that end with them. */
export async function onOwnEngine(
  names: readonly string[],
  size: { readonly seed: number; readonly students: number; readonly warm: number },
): Promise<readonly Row[]> {
  const { seed, students, warm } = size;
  const words = ['--seed', seed, '--students', students, '--warm', warm, '--only', names.join('|')].map(String);
  const run = await spawnInNamespaces('faults/engine.ts', words);
  let last = '';
  for await (const piece of run.stdout?.setEncoding('utf8') ?? []) {
    const lines = `${last}${piece}`.split('\n');
    last = lines.pop() ?? '';
    for (const line of lines) {
      // What JSON cannot say of a time is that it never came.
      if (line.startsWith('[')) return JSON.parse(line, (_key, value) => value ?? NEVER);
      console.log(line);
    }
  }
  // Not provoked is not held.
  const provoked = 'no engine of our own (needs root, dockerd, unshare, mkfs.ext4): see above';
  return names.map((fault) => ({ fault, provoked, ...NOT_BACK }));
}
