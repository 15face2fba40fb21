import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Pack } from './start-shim.ts';

let pack: Pack;
beforeEach(async () => {
  pack = await Pack.lay();
});
afterEach(() => pack.clear());

/** Calls one function of the shell parts, on a machine whose release file says this. */
async function call(words: string, release: string, environment: Readonly<Record<string, string>> = {}) {
  await pack.write('os-release', release);
  const sources = 'set -euo pipefail; ROOT=$PWD; for part in terminal env apt engine; do . scripts/$part.sh; done';
  return pack.run(`${sources}; ${words}`, { OS_RELEASE_FILE: `${pack.root}/os-release`, ...environment });
}

const debian = (version: string, name: string) => `ID=debian\nVERSION_ID="${version}"\nVERSION_CODENAME=${name}\n`;
const ubuntu = (version: string) => `ID=ubuntu\nVERSION_ID="${version}"\nPRETTY_NAME="Ubuntu ${version}"\n`;

describe('the packages of the engine', () => {
  test.each([
    [debian('12', 'bookworm'), 'docker.io docker-cli docker-compose docker-buildx'],
    [debian('13', 'trixie'), 'docker.io docker-cli docker-compose docker-buildx'],
    [ubuntu('22.04'), 'docker.io docker-compose-v2 docker-buildx'],
    [ubuntu('24.04'), 'docker.io docker-compose-v2 docker-buildx'],
  ])('are known for %s', async (release, packages) => {
    expect(await call('engine_packages', release)).toEqual({ status: 0, output: `${packages}\n` });
  });

  test('are not guessed for another release', async () => {
    const run = await call('engine_packages', ubuntu('20.04'));
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('No recipe for Docker on Ubuntu 20.04') });
  });
});

describe('the mirror', () => {
  const apt = async (name: string, text: string) => {
    await pack.run('mkdir -p apt/parts');
    await pack.write(`apt/${name}`, text);
    await pack.write(
      'apt.conf',
      `Dir::Etc::sourcelist "${pack.root}/apt/sources.list";
Dir::Etc::sourceparts "${pack.root}/apt/parts";\nDir::State::lists "${pack.root}/apt";\n`,
    );
    return { APT_CONFIG: `${pack.root}/apt.conf` };
  };
  const MIRROR = 'http://mirror.school.test/debian';

  test.each([
    [
      'sources.list',
      `deb [arch=amd64] ${MIRROR}/ bookworm main contrib\ndeb http://else.test/x bookworm-updates main\n`,
    ],
    [
      'parts/debian.sources',
      `Types: deb deb-src\nURIs: ${MIRROR}\nSuites: bookworm bookworm-updates\nComponents: main\n`,
    ],
  ])('is read from %s', async (name, text) => {
    expect(await call('debian_mirror', debian('12', 'bookworm'), await apt(name, text))).toEqual({
      status: 0,
      output: MIRROR,
    });
  });

  test('has to be named where the machine knows none', async () => {
    const run = await call('debian_mirror', ubuntu('24.04'), await apt('sources.list', ''));
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('set DEBIAN_MIRROR') });
    const named = await call('debian_mirror', ubuntu('24.04'), { DEBIAN_MIRROR: MIRROR });
    expect(named).toEqual({ status: 0, output: MIRROR });
  });
});

describe('installing', () => {
  test('is refused where nobody can be asked, and says what to type', async () => {
    const run = await call('install_engine', debian('13', 'trixie'));
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('--yes') });
  });
});
