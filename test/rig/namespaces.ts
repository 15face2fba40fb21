import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CGROUPS = '/sys/fs/cgroup';

/**
 * Starts a Node program of the test folder in network, mount and process namespaces of its own, as root, with an empty
 * folder as its first word. Everything that it starts, however far away from it, ends with it, and it ends with the
 * process that calls this, killed or not. What it printed last, and its errors, come out here; it may be written to.
 */
export async function spawnInNamespaces(program: string, words: readonly string[]): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(`../${program}`, import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'vdi-engine-'));
  const run = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', '--'],
      ...['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
      // The first process inside inherits whatever a killed daemon leaves behind, and must see it end: a shell does.
      ...['bash', '-c', '"$@"; exit $?', 'first', process.execPath, path, folder, ...words],
    ],
    // What it makes for a while goes with its folder, killed or not.
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: folder } },
  );
  const clear = (): Promise<unknown> => cleared(folder);
  // Its failure to start is its caller's to see; what is left lying about afterwards is harmless.
  once(run, 'exit').then(clear, clear);
  return run;
}

/** Control groups belong to no namespace: those of an engine that was killed, named after its folder, stay empty. */
async function cleared(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const groups = ['-maxdepth', '2', '-depth', '-type', 'd', '-path', `*/${basename(folder)}`];
  const all = ['-exec', 'find', '{}', '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';', ';'];
  await promisify(execFile)('find', [CGROUPS, ...groups, ...all]).catch(() => undefined);
}
