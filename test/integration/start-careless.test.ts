import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Pack } from './start-shim.ts';

let pack: Pack;
beforeEach(async () => {
  pack = await Pack.lay();
});
afterEach(() => pack.clear());

const NAMES = ['WORKER_NAME', 'WORKER_API_BASE_URL', 'CONTROL_PLANE_API_BASE', 'JWT_SECRET', 'GUAC_TOKEN_KEY'];
const COMPLETE = [
  'WORKER_CODE=one',
  'WORKER_CLUSTER_TOKEN=given',
  'DB_HOST=none',
  ...NAMES.map((name) => `${name}=given`),
];
const settings = (...more: readonly string[]) => pack.write('.env.worker', `${[...COMPLETE, ...more].join('\n')}\n`);

describe('a word that no command knows', () => {
  test.each([
    'up --standalone --lisen 0.0.0.0',
    'up --listen',
    'up --listen cafe',
    'up status',
    'test --quick',
    'password --help',
    'password a b',
  ])('is refused before anything is installed, made or changed: %s', async (words) => {
    await pack.write('bin/docker', '#!/bin/sh\necho asked >>"$SHIM/calls"; exit 1\n');
    await pack.write('bin/dockerd', '#!/bin/sh\necho started >>"$SHIM/calls"\n'); // else a failing test would start a real one
    await chmod(join(pack.root, 'bin/dockerd'), 0o755);
    const run = await pack.run(`./bootstrap-worker.sh ${words}`, { ENGINE_WAIT_SEC: '0' });
    expect(run).toMatchObject({ status: 1, output: expect.stringMatching(/^error: .*(--help|USERNAME)/) });
    expect(await pack.changes()).toEqual([]);
    await expect(pack.read('.env.worker')).rejects.toThrow();
  });
});

describe('two at once', () => {
  test.each(['./start.sh', './stop.sh --force'])(
    '%s waits until the other one has ended, and says so',
    async (command) => {
      await settings();
      const held = `exec 8<. && flock 8; ${command} >out 2>&1 8<&- & until grep -q waiting out; do sleep 0.1; done`;
      const run = await pack.run(`${held}; [[ ! -e calls ]] && echo untouched; exec 8<&-; wait %1`);
      expect(run).toEqual({ status: 0, output: 'untouched\n' });
      expect((await pack.changes()).length).toBeGreaterThan(0);
    },
  );
});

describe('a settings file', () => {
  test('may come from Windows or have spaces and export, as compose takes it', async () => {
    const lines = [
      'WORKER_CODE = one',
      'export WORKER_CLUSTER_TOKEN=given',
      ...COMPLETE.slice(2),
      'WORKER_BIND = 127.0.0.1',
    ];
    await pack.write('.env.worker', `\uFEFF${lines.join('\r\n')}\r\n`);
    const run = await pack.run('./start.sh --listen 0.0.0.0');
    expect(run).toMatchObject({ status: 0, output: expect.stringContaining('Worker one is up.') });
    expect((await pack.read('.env.worker')).match(/WORKER_BIND.*/g)).toEqual(['WORKER_BIND=0.0.0.0']);
  });

  test.each([
    ['DB_PASSWORD=secret$word', /single quotes' \(DB_PASSWORD\)/],
    ["DB_PASSWORD='secretword", /Compose cannot read the settings: .*line \d+/],
    ['DB_PASSWORD secretword=', /Compose cannot read the settings: .*line \d+/],
    ['WORKER_PUBLIC_PORT=30x0', /Compose cannot read the settings: .*30x0/],
  ])('that would not say what it looks like is refused, and no secret is shown: %s', async (line, words) => {
    await settings(line);
    const run = await pack.run('./start.sh');
    expect(run).toMatchObject({ status: 1, output: expect.stringMatching(words) });
    expect(run.output).not.toContain('word ');
    expect(run.output).not.toContain('secretword');
    expect(await pack.changes()).toEqual([]);
  });

  test('with a name that no version reads is told so, and serves', async () => {
    await settings('EXAM_VM_CPU=2', 'CONSOLE_ADMIN_PASSWORD=old');
    const run = await pack.run('./start.sh');
    expect(run).toMatchObject({ status: 0, output: expect.stringContaining('EXAM_VM_CPU in ') });
    expect(run.output.match(/is no setting/g)?.length).toBe(1);
  });

  test('is found by a relative name from any folder', async () => {
    await settings();
    const run = await pack.run('mkdir else && mv .env.worker else/mine && cd else && WORKER_ENV_FILE=mine ../stop.sh');
    expect(run).toMatchObject({ status: 0 });
    expect(await pack.run('cd else && WORKER_ENV_FILE=mine ../start.sh')).toMatchObject({ status: 0 });
    expect(await pack.read('up')).toContain(join(pack.root, 'else/mine'));
  });

  test('survives a disk that has no room for it, as it was, with nothing left beside it', async () => {
    await settings(`# ${'long '.repeat(1000)}`);
    const before = await pack.read('.env.worker');
    const run = await pack.run("trap '' XFSZ; ulimit -f 1; ./start.sh --listen 0.0.0.0");
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('nothing in it was changed') });
    expect(await pack.read('.env.worker')).toBe(before);
    await pack.run("rm .env.worker; trap '' XFSZ; ulimit -f 1; ./start.sh");
    expect((await readdir(pack.root)).filter((name) => name.startsWith('.env.worker'))).toEqual([
      '.env.worker.example',
    ]);
  });

  test('that this user may not read is not called empty', async () => {
    await settings();
    await chmod(pack.root, 0o755);
    await chmod(join(pack.root, '.env.worker'), 0o600);
    const run = await pack.run('setpriv --reuid 65534 --regid 65534 --clear-groups ./start.sh');
    expect(run).toMatchObject({ status: 1, output: expect.stringMatching(/^error: You may not read .* sudo/) });
  });
});

test('a folder of logs that cannot be written to is named, with what to do', async () => {
  await settings();
  const run = await pack.run("trap '' XFSZ; ulimit -f 0; ./start.sh");
  expect(run).toMatchObject({
    status: 1,
    output: expect.stringMatching(/\.worker cannot be written to \(.+\).*df -h/),
  });
  expect(await pack.changes()).toEqual([]);
});

test('a checkout made under umask 077 gives images that others than root can read', async () => {
  await settings();
  await pack.run('chmod -R go= . && umask 077 && ./start.sh');
  for (const file of ['src', 'src/worker.ts', 'docs/openapi.yaml', 'exam-linux/Dockerfile']) {
    expect((await stat(join(pack.root, file))).mode & 0o044, file).toBe(0o044);
  }
  expect((await stat(join(pack.root, '.env.worker'))).mode & 0o077).toBe(0);
});

describe('what the engine refuses is told with what to do', () => {
  const failed = 'driver failed programming external connectivity on endpoint x (ab12): ';
  test.each([
    [`${failed}Bind for 0.0.0.0:3000 failed: port is already allocated`, /Port 3000 .*WORKER_PUBLIC_PORT/],
    [`${failed}listen tcp4 0.0.0.0:8080: bind: address already in use`, /Port 8080 .*CONSOLE_PORT/],
    [`${failed}listen tcp4 10.9.9.9:3000: bind: cannot assign requested address`, /is no address of this host/],
    ['Pool overlaps with other one on this address space', /EXAM_NET_PREFIX/],
  ])('%s', async (said, words) => {
    await pack.write('up-fails', `Error response from daemon: ${said}\n`);
    const run = await pack.run('./start.sh --standalone --yes');
    expect(run).toMatchObject({ status: 1, output: expect.stringMatching(words) });
  });
});
