import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Pack } from './start-shim.ts';

const SNAPSHOT = 'ERROR: failed to solve: parent snapshot sha256:4f4fb7 does not exist: not found';
const EXTRACTION = 'failed to solve: failed to prepare extraction snapshot "extract-1 sha256:9": not found';
const NETWORK = 'net/http: TLS handshake timeout';
const DOCKERFILE = 'E: Unable to locate package nosuchpackage';

const BUILD = 'BUILDKIT=1 build';
const PLAIN_BUILD = 'BUILDKIT=0 build';
const PRUNE = 'builder prune --force';

let pack: Pack;
beforeEach(async () => {
  pack = await Pack.lay();
});
afterEach(() => pack.clear());

/** Starts a stand-alone worker and tells what was asked of docker before the services came up. */
async function start(environment: Readonly<Record<string, string>> = {}) {
  const run = await pack.run('./start.sh --standalone --yes', environment);
  const changes = await pack.changes();
  return { ...run, changes, built: changes.filter((line) => !line.startsWith('compose')) };
}

describe('the desktop image', () => {
  const gettingThere: [string, string[], string[]][] = [
    ['is built once when nothing fails', [], [BUILD]],
    ['is built again on an emptied builder cache (parent snapshot)', [SNAPSHOT], [BUILD, PRUNE, BUILD]],
    ['is built again on an emptied builder cache (extraction snapshot)', [EXTRACTION], [BUILD, PRUNE, BUILD]],
    ['is built without BuildKit at last', [SNAPSHOT, EXTRACTION], [BUILD, PRUNE, BUILD, PLAIN_BUILD]],
    ['is built once more when the network fails', [NETWORK], [BUILD, BUILD]],
    ['survives one of each', [NETWORK, SNAPSHOT, SNAPSHOT], [BUILD, BUILD, PRUNE, BUILD, PLAIN_BUILD]],
  ];
  test.each(gettingThere)('%s', async (_, answers, expected) => {
    await pack.buildsAnswer(...answers);
    const run = await start();
    expect(run.output).toContain('Worker standalone is up');
    expect(run).toMatchObject({ status: 0, built: expected });
    expect(run.changes.at(-1)).toBe('compose up');
  });

  const givingUp: [string, string[], string[], string][] = [
    ['a mistake in the Dockerfile fails at once', [DOCKERFILE], [BUILD], DOCKERFILE],
    ['a network that stays away fails', [NETWORK, NETWORK], [BUILD, BUILD], NETWORK],
    [
      'a builder that stays broken fails',
      [SNAPSHOT, SNAPSHOT, SNAPSHOT],
      [BUILD, PRUNE, BUILD, PLAIN_BUILD],
      'parent snapshot',
    ],
    ['a mistake behind a broken cache fails', [SNAPSHOT, DOCKERFILE], [BUILD, PRUNE, BUILD], DOCKERFILE],
  ];
  test.each(givingUp)('%s, with its own message', async (_, answers, expected, message) => {
    await pack.buildsAnswer(...answers);
    const run = await start();
    expect(run.status).toBe(1);
    expect(run.changes).toEqual(expected); // and no service was started
    expect(run.output).toContain(message);
    expect(run.output).toContain('run the same command again');
  });

  test('is not built when it is there, unless that is forced', async () => {
    await pack.has('sot-exam-linux:latest');
    expect(await start()).toMatchObject({ status: 0, built: [] });
    expect(await start({ FORCE_REBUILD_EXAM_IMAGE: 'true' })).toMatchObject({ status: 0, built: [BUILD] });
  });

  test('takes the parts that EXAM_BUILD_ARGS names', async () => {
    await pack.write(
      'bin/docker',
      (await pack.read('bin/docker')).replace('note "BUILDKIT', 'note "$*"; note "BUILDKIT'),
    );
    const run = await start({ EXAM_BUILD_ARGS: 'WITH_JAVA=false WITH_IDE=codeblocks' });
    expect(run.changes[0]).toContain('--build-arg WITH_JAVA=false --build-arg WITH_IDE=codeblocks');
  });
});
