import { chmod, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Pack } from './start-shim.ts';

const REQUIRED = [
  'WORKER_CODE',
  'WORKER_NAME',
  'WORKER_API_BASE_URL',
  'CONTROL_PLANE_API_BASE',
  'WORKER_CLUSTER_TOKEN',
  'JWT_SECRET',
  'GUAC_TOKEN_KEY',
  'DB_HOST',
  'DB_USER',
  'DB_PASSWORD',
  'DB_NAME',
];

let pack: Pack;
beforeEach(async () => {
  pack = await Pack.lay();
});
afterEach(() => pack.clear());

const settingOf = async (name: string) =>
  (await pack.read('.env.worker')).match(new RegExp(`^${name}=(.*)$`, 'm'))?.[1];
const filled = (values: Readonly<Record<string, string>> = {}) =>
  pack.write(
    '.env.worker',
    Object.entries({ ...Object.fromEntries(REQUIRED.map((name) => [name, 'given'])), ...values })
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );

describe('the settings file', () => {
  test('is made on the first run, private, and every missing value is named at once with what it is for', async () => {
    const run = await pack.run('./start.sh');
    expect(run.status).toBe(1);
    for (const name of REQUIRED) expect(run.output).toMatch(new RegExp(`^  ${name} +\\S+ .+`, 'm'));
    expect(run.output).toContain('11 values');
    expect((await stat(join(pack.root, '.env.worker'))).mode & 0o777).toBe(0o600);
    expect(await pack.changes()).toEqual([]);
  });

  test('says the same before anything is installed, through bootstrap-worker.sh', async () => {
    const run = await pack.run('./bootstrap-worker.sh up --yes');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('11 values') });
    expect(await pack.changes()).toEqual([]);
  });

  test('counts empty values and placeholders anywhere as missing', async () => {
    await filled({ DB_HOST: '', JWT_SECRET: "'CHANGE_ME-please'", EXAM_ORIGIN_IP: 'CHANGE_ME' });
    const run = await pack.run('./start.sh');
    expect(run.output).toContain('3 values');
    for (const name of ['DB_HOST', 'JWT_SECRET', 'EXAM_ORIGIN_IP']) expect(run.output).toContain(`  ${name} `);
    expect(run.output).not.toContain('please');
  });

  test('asks for no login to a database that DB_HOST=none says is not there', async () => {
    await filled({ DB_HOST: 'none', DB_USER: 'CHANGE_ME', DB_PASSWORD: '', DB_NAME: '' });
    expect(await pack.run('./start.sh')).toMatchObject({ status: 0 });
  });

  test('takes the token under its older name', async () => {
    await filled({ WORKER_CLUSTER_TOKEN: 'CHANGE_ME', WORKER_HEARTBEAT_TOKEN: 'given' });
    expect(await pack.run('./start.sh')).toMatchObject({ status: 0 });
  });

  test('is left alone when it is complete, however often the worker is started', async () => {
    await filled({ DB_PASSWORD: "'a $ b # c'" });
    const before = await pack.read('.env.worker');
    expect(await pack.run('./start.sh')).toMatchObject({ status: 0 });
    expect(await pack.run('./start.sh')).toMatchObject({ status: 0 });
    expect(await pack.read('.env.worker')).toBe(before);
  });
});

describe('start.sh of a worker that runs', () => {
  test('changes nothing where a setting is wrong: its students’ backend would end by it', async () => {
    await filled();
    await pack.write('settings-read', 'WRONG  EXAM_VM_PIDS must be a number\n');
    const run = await pack.run('./start.sh');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('  EXAM_VM_PIDS must be a number\n') });
    expect(run.output).toContain('Nothing was changed');
    expect(await pack.changes()).not.toContain('compose up');
  });

  test('names the port that another program has', async () => {
    await filled({ WORKER_PUBLIC_PORT: '3190' });
    await pack.write('up-fails', 'Bind for 0.0.0.0:3190 failed: port is already allocated\n');
    const run = await pack.run('./start.sh');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('Port 3190 is taken') });
    expect(run.output).toContain('set WORKER_PUBLIC_PORT in');
  });
});

describe('a control-plane that takes no heartbeat', () => {
  test('is told with the reason, and is no failed start: the worker goes on trying', async () => {
    await filled();
    await pack.write(
      'no-beat',
      '{"level":40,"msg":"heartbeat refused (401): WORKER_CLUSTER_TOKEN must be the same"}\n',
    );
    const run = await pack.run('./start.sh');
    expect(run.status).toBe(0);
    expect(run.output).toContain('sends no students: heartbeat refused (401): WORKER_CLUSTER_TOKEN');
    expect(run.output).toContain('is up.');
  });
});

describe('the guacds', () => {
  test('are as many as said, each on its CPUs, and the backend knows their names', async () => {
    await filled({ WORKER_GUACD_COUNT: '3', WORKER_GUACD_CPUS: "'0;1;2-3'" });
    expect(await pack.run('./start.sh')).toMatchObject({ status: 0 });
    const up = await pack.read('up');
    expect(up.match(/--profile guacd-\d/g)).toEqual(['--profile guacd-2', '--profile guacd-3']);
    expect(up).toContain('hosts worker_guacd,worker_guacd_2,worker_guacd_3\n');
    expect(up.match(/^GUACD_\d_CPUS=.*$/gm)?.sort()).toEqual(['GUACD_1_CPUS=0', 'GUACD_2_CPUS=1', 'GUACD_3_CPUS=2-3']);
  });

  test.each([
    [{ WORKER_GUACD_COUNT: '0' }, 'from 1 to 8'],
    [{ WORKER_GUACD_COUNT: '9' }, 'from 1 to 8'],
    [{ WORKER_GUACD_COUNT: 'two' }, 'from 1 to 8'],
    [{ WORKER_GUACD_COUNT: '2', WORKER_GUACD_CPUS: '0' }, 'such as 0;1'],
    [{ WORKER_GUACD_COUNT: '2', WORKER_GUACD_CPUS: "'0;all'" }, 'such as 0;1'],
  ])('are refused as %o, and nothing is started', async (values, words) => {
    await filled(values);
    const run = await pack.run('./start.sh');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining(words) });
    expect(await pack.changes()).toEqual([]);
  });
});

describe('--standalone', () => {
  test('fills everything in, secrets of its own each time, ports on loopback', async () => {
    expect(await pack.run('./start.sh --standalone --yes')).toMatchObject({ status: 0 });
    const first = await settingOf('JWT_SECRET');
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect((await settingOf('GUAC_TOKEN_KEY'))?.length).toBe(32);
    for (const bind of ['WORKER_BIND', 'CONSOLE_BIND']) expect(await settingOf(bind)).toBe('127.0.0.1');
    await pack.run('rm .env.worker && ./start.sh --standalone --yes');
    expect(await settingOf('JWT_SECRET')).not.toBe(first);
  });

  test('gives at least 8 slots on 2 cores with 8 GB', async () => {
    await pack.run('./start.sh --standalone --yes');
    const planned = async (name: string) => Number(await settingOf(name));
    const byCpu = (2 - (await planned('WORKER_RESERVED_CPUS'))) / (await planned('EXAM_VM_CPUS'));
    const byMemory = (7900 - (await planned('WORKER_RESERVED_MEMORY_MB'))) / (await planned('EXAM_VM_MEMORY_MB'));
    expect(Math.floor(Math.min(byCpu, byMemory))).toBeGreaterThanOrEqual(8);
  });

  test('never replaces a value, neither at the first start nor later', async () => {
    await pack.run('./start.sh'); // leaves the example's copy behind
    await pack.run('./start.sh --standalone --yes', { JWT_SECRET: 'ignored: the file is there already' });
    const made = await pack.read('.env.worker');
    await pack.write('.env.worker', made.replace(/^EXAM_VM_CPUS=.*$/m, 'EXAM_VM_CPUS=1.5'));
    const edited = await pack.read('.env.worker');
    expect(edited).not.toBe(made);
    await pack.run('./start.sh --standalone --yes');
    expect(await pack.read('.env.worker')).toBe(edited);
  });

  test('takes values over from the environment when the file is made', async () => {
    await pack.run('./start.sh --standalone --yes', { WORKER_CODE: 'second', WORKER_PUBLIC_PORT: '3100' });
    expect(await settingOf('WORKER_CODE')).toBe('second');
    expect(await settingOf('WORKER_PUBLIC_PORT')).toBe('3100');
  });

  test('shows the first passwords when they are made, not in a CI’s log, and keeps them in no file', async () => {
    await pack.write('passwords', 'student stud-word\nadmin adm-word\n');
    const shown = await pack.run('./start.sh --standalone --yes');
    expect(shown.output).toContain('admin / adm-word');
    expect(shown.output).toContain('student / stud-word');
    const inCi = await pack.run('./start.sh --standalone --yes', { CI: 'true' });
    expect(inCi.output).toContain('./bootstrap-worker.sh password');
    expect(inCi.output).not.toContain('-word');
    await pack.write('passwords', '');
    expect((await pack.run('./start.sh --standalone --yes')).output).toContain('logins    as before');
    expect((await pack.run('grep -r adm-word . --exclude=passwords')).status).toBe(1);
    await pack.write('passwords', 'admin new-word\n');
    expect((await pack.run('./bootstrap-worker.sh password')).output).toBe('admin / new-word\n');
  });

  test('takes the passwords of earlier versions out of the file', async () => {
    await pack.run('./start.sh --standalone --yes');
    const file = await pack.read('.env.worker');
    await pack.write('.env.worker', `${file}CONSOLE_ADMIN_PASSWORD=in-the-clear\n`);
    expect((await pack.run('./start.sh --standalone --yes')).output).toContain(
      'CONSOLE_ADMIN_PASSWORD is no longer kept',
    );
    expect(await pack.read('.env.worker')).toBe(file);
  });

  test('will not turn the settings of a worker with a control-plane into its own', async () => {
    await filled({ CONTROL_PLANE_API_BASE: 'https://main.example.edu/api' });
    const before = await pack.read('.env.worker');
    const run = await pack.run('./start.sh --standalone --yes');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('WORKER_ENV_FILE=') });
    expect(await pack.read('.env.worker')).toBe(before);
  });

  test('will not make a new password for a database that has an old one', async () => {
    await pack.write('old-database', '');
    const run = await pack.run('./start.sh --standalone --yes');
    expect(run).toMatchObject({
      status: 1,
      output: expect.stringContaining('docker volume rm vdi-worker-standalone_'),
    });
    expect(await pack.changes()).toEqual([]);
  });

  test('--listen opens the ports, and is refused when it is no address', async () => {
    expect(await pack.run('./start.sh --standalone --listen --yes')).toMatchObject({ status: 1 });
    await expect(pack.read('.env.worker')).rejects.toThrow();
    await pack.run('./start.sh --standalone --yes --listen 0.0.0.0');
    for (const bind of ['WORKER_BIND', 'CONSOLE_BIND']) expect(await settingOf(bind)).toBe('0.0.0.0');
  });
});

describe('without an engine', () => {
  test('start.sh says which command brings one', async () => {
    await filled();
    await pack.write('bin/docker', '#!/bin/sh\nexit 1\n');
    await chmod(join(pack.root, 'bin/docker'), 0o755);
    const run = await pack.run('./start.sh');
    expect(run).toMatchObject({ status: 1, output: expect.stringContaining('./bootstrap-worker.sh up') });
  });
});
