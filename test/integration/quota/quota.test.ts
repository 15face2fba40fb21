import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { spawnInNamespaces } from '../../rig/namespaces.ts';

// A file system of 64 MB, in namespaces that end with the command.
const TRY = `f=$(mktemp) && truncate -s 64M "$f" && mkfs.ext4 -q -F -O project,quota "$f" && d=$(mktemp -d) &&
  { mount -o loop,prjquota "$f" "$d"; r=$?; umount "$d" 2> /dev/null; rm -rf "$f" "$d"; exit $r; }`;

/** Why this machine cannot have a disk that keeps limits by project; undefined where it can. */
async function whyNot(): Promise<string | undefined> {
  try {
    await promisify(execFile)('unshare', ['--mount', '--', 'bash', '-c', TRY]);
    return undefined;
  } catch (error) {
    return `this kernel mounts no ext4 with project quotas (it needs CONFIG_QFMT_V2): ${String(Reflect.get(Object(error), 'stderr')).split('\n')[0]}`;
  }
}

const why = await whyNot();

test('on a disk with project quotas each volume of a desktop has a hard limit, also after the engine’s restart', async (context) => {
  context.skip(why !== undefined, why);
  const run = await spawnInNamespaces('integration/quota/engine.ts', []);
  const [printed] = await Promise.all([text(run.stdout as NodeJS.ReadableStream), once(run, 'exit')]);
  const { limitsSize, leftOver, first, afterRestart } = JSON.parse(printed.trim().split('\n').at(-1) ?? '{}');
  expect({ limitsSize, leftOver }).toEqual({ limitsSize: true, leftOver: 0 });
  for (const output of [first, afterRestart]) {
    // As large as its limit: 32 MB, and 512 for the rest of the home, in blocks of 4096.
    expect(output).toMatch(/^8192 4096\s+131072 4096/m);
    expect(output).toMatch(/(quota exceeded|No space left)[\s\S]*\n3\d{7}\r?\n[\s\S]*fits/);
  }
}, 180_000);
