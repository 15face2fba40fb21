import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { readDesktopEvent, readDesktopWord } from '../../../src/docker/desktop-events.ts';
import { accepting, asking, statusOf } from '../../../src/docker/errors.ts';
import { places, readWorkspaceLabels } from '../../../src/docker/places.ts';
import { packSecrets, unpackPassword } from '../../../src/docker/secret-file.ts';
import { findSizeLimit } from '../../../src/docker/size-limit.ts';
import { createOptions, type Template, templateDigest } from '../../../src/docker/template.ts';
import { EngineDown } from '../../../src/pool/ports.ts';

const TEMPLATE: Template = {
  image: 'sot-exam-linux:latest',
  network: 'w_exam_net',
  env: { EXAM_BROWSER_URL: 'https://exam/', EXAM_RESTRICT_INTERNET: 'true' },
  memoryMb: 2048,
  cpuLimit: 1.5,
  shmMb: 512,
  pidsLimit: 1024,
  seccomp: '{"defaultAction":"SCMP_ACT_ERRNO"}',
  workspaceLimitMb: 1024,
  proofKeyName: 'one',
};
const ORDER = {
  name: 'exam_7_pool_ab12',
  labels: { worker: 'w', examId: 7, desktopId: 'ab12', imageId: 'sha256:one', template: 't' },
  ip: '10.213.1.7',
};

describe('a desktop is made', () => {
  const made = createOptions(TEMPLATE, ORDER);
  const host = made.HostConfig;

  test('from the image its label names, on the exam network only, at its own address', () => {
    expect(made.Image).toBe('sha256:one');
    expect(made.Labels?.['vdi.image']).toBe('sha256:one');
    expect(host?.NetworkMode).toBe('w_exam_net');
    expect(made.NetworkingConfig?.EndpointsConfig).toEqual({
      w_exam_net: {
        IPAMConfig: { IPv4Address: '10.213.1.7' },
        Aliases: expect.arrayContaining(['forbidden.exam-proof']),
      },
    });
  });

  test('without privileges it could keep', () => {
    expect(host?.CapDrop).toEqual(['ALL']);
    expect(host?.SecurityOpt).toContain('no-new-privileges');
    expect(host?.SecurityOpt).toContain(`seccomp=${TEMPLATE.seccomp}`);
    expect(host?.ReadonlyRootfs).toBe(true);
    expect(host?.Privileged).toBeFalsy();
    expect(host?.Binds ?? []).toEqual([]);
    for (const never of ['SYS_ADMIN', 'SYS_PTRACE', 'NET_RAW', 'SYS_MODULE', 'MKNOD'])
      expect(host?.CapAdd).not.toContain(never);
  });

  test('with volumes of its own for home and workspace, known as this worker’s, and nothing of the host’s', () => {
    expect(host?.Mounts).toMatchObject([
      { Type: 'volume', Source: '', Target: '/home' },
      { Type: 'volume', Source: '', Target: '/home/student/workspace' },
    ]);
    expect(host?.Mounts?.[0]?.VolumeOptions?.Labels).toEqual(made.Labels);
    expect(host?.Mounts?.[1]?.VolumeOptions?.Labels).toEqual({ ...made.Labels, 'vdi.workspace': '1' });
  });

  test('with the workspace of an earlier one, by its name, so that it does not go with this one', () => {
    const again = places({}, 'earlier').Mounts;
    expect(again?.[1]).toEqual({ Type: 'volume', Source: 'earlier', Target: '/home/student/workspace' });
  });

  test('a volume’s labels tell a student’s files from a home', () => {
    const mine = { 'vdi.worker': 'w', 'vdi.exam': '7', 'vdi.desktop': 'ab', 'vdi.image': 'i', 'vdi.template': 't' };
    expect(readWorkspaceLabels('v', mine)).toBeUndefined();
    expect(readWorkspaceLabels('v', null)).toBeUndefined();
    const files = { ...mine, 'vdi.workspace': '1' };
    expect(readWorkspaceLabels('v', files)).toEqual({ volume: 'v', examId: 7, desktopId: 'ab' });
  });

  test('with a limit on its student’s files; kept by the engine only where it can', () => {
    const sizes = (limits: boolean, workspaceLimitMb: number) =>
      createOptions({ ...TEMPLATE, workspaceLimitMb }, ORDER, [], limits).HostConfig?.Mounts?.map(
        (mount) => mount.VolumeOptions?.DriverConfig.Options,
      );
    expect(sizes(false, 64)).toEqual([{}, {}]);
    expect(sizes(true, 64)).toEqual([{ size: '512m' }, { size: '64m' }]);
    expect(sizes(true, 0)).toEqual([{}, {}]);
    expect(made.Env).toContain('EXAM_WORKSPACE_LIMIT_MB=1024');
    const bytes = 1024 ** 3;
    expect(host?.Ulimits).toContainEqual({ Name: 'fsize', Soft: bytes, Hard: bytes });
  });

  test('within its limits, swap included', () => {
    const mb = 1024 * 1024;
    expect(host).toMatchObject({
      Memory: 2048 * mb,
      MemorySwap: 2048 * mb,
      NanoCpus: 1.5e9,
      ShmSize: 512 * mb,
      PidsLimit: 1024,
    });
  });

  test('never started again by the engine on its own, and with a bounded log', () => {
    expect(host?.RestartPolicy).toEqual({ Name: 'no' });
    expect(host?.LogConfig?.Config).toMatchObject({ 'max-size': '5m' });
  });

  test('with the settings and its exam in the environment, and no secret', () => {
    expect(made.Env).toEqual(expect.arrayContaining(['EXAM_BROWSER_URL=https://exam/', 'EXAM_ID=7']));
    expect(made.Env?.join()).not.toMatch(/PASSWORD|SECRET|TOKEN|KEY/);
  });
});

test.each<[string, Partial<Template>]>([
  ['another page', { env: { ...TEMPLATE.env, EXAM_BROWSER_URL: 'https://other/' } }],
  ['more memory', { memoryMb: 4096 }],
  ['more room for files', { workspaceLimitMb: 2048 }],
  ['another burst limit', { cpuLimit: 2 }],
  ['another seccomp profile', { seccomp: '{}' }],
])('the digest changes with %s, so that older desktops count as stale', (_what, change) => {
  expect(templateDigest({ ...TEMPLATE, ...change })).not.toBe(templateDigest(TEMPLATE));
  expect(templateDigest({ ...TEMPLATE })).toBe(templateDigest(TEMPLATE));
});

describe('a line of a desktop’s output', () => {
  test.each<[string, string, unknown]>([
    ['ready with its page', 'desktop-event {"event":"ready","ms":3000,"page":"loaded"}', { kind: 'ready' }],
    ['ready without a browser', 'desktop-event {"event":"ready","ms":3000,"page":"off"}', { kind: 'ready' }],
    ['failed', 'desktop-event {"event":"failed","reason":"no lock"}', { kind: 'failed', reason: 'no lock' }],
    ['failed without a reason', 'desktop-event {"event":"failed"}', { kind: 'failed', reason: 'it gave no reason' }],
    ['a proof of one that is ready', 'desktop-event {"event":"proof","ready":true}', { kind: 'ready' }],
    ['a proof of one that is not', 'desktop-event {"event":"proof","ready":false}', undefined],
    ['locked is not ready yet', 'desktop-event {"event":"locked","ms":200}', undefined],
    [
      'up without a firewall, where strict mode is off',
      'desktop-event {"event":"locked","lock":"off","reason":"no nft"}',
      { kind: 'unlocked', note: 'no firewall: no nft' },
    ],
    ['a login finds its session', 'desktop-event {"event":"session","ms":571}', { kind: 'session' }],
    ['any other line', 'xrdp is listening', undefined],
    ['the word in the middle of a line', 'log: desktop-event {"event":"ready"}', undefined],
    ['half a line', 'desktop-event {"event":"rea', undefined],
    ['no object', 'desktop-event "ready"', undefined],
    ['null', 'desktop-event null', undefined],
    ['nothing', '', undefined],
  ])('%s', (_what, line, said) => {
    expect(readDesktopEvent(line)).toEqual(said);
  });

  test('a page that did not load is told along', () => {
    const said = readDesktopEvent('desktop-event {"event":"ready","page":"unreachable"}');
    expect(said).toEqual({ kind: 'ready', page: 'unreachable' });
  });

  test('a page that comes later is heard, with the proofs', () => {
    const at = '2026-11-23T10:00:00.5Z';
    const proof = `{"event":"proof","record":"e30","signature":"ab","ready":true}`;
    expect(readDesktopWord(`${at} desktop-event {"event":"page","page":"loaded"}`)).toEqual({ kind: 'page-loaded' });
    expect(readDesktopWord(`${at} desktop-event ${proof}`)).toEqual({
      kind: 'proof',
      signed: { record: 'e30', signature: 'ab', heardAt: Date.parse(at) },
    });
    for (const line of ['desktop-event {"event":"page","page":"loaded"}', `${at} {"event":"page","page":"loaded"}`])
      expect(readDesktopWord(line)).toBeUndefined();
  });
});

describe('what a desktop tells of its student’s files', () => {
  const line = (odd: object = {}) => {
    const files = { level: 'near', percent: 81, workspaceMb: 830, homeMb: 9, files: 99, limitMb: 1024, hard: false };
    return `2026-11-23T10:00:00.000Z desktop-event ${JSON.stringify({ event: 'files', ms: 1, ...files, ended: ['a.out'], ...odd })}`;
  };

  test('is read with its time', () => {
    expect(readDesktopWord(line())).toMatchObject({
      kind: 'files',
      told: { level: 'near', workspaceMb: 830, ended: ['a.out'], heardAt: Date.parse('2026-11-23T10:00:00Z') },
    });
  });

  test.each([
    ['a level that is none', { level: 'huge' }],
    ['a size below nothing', { workspaceMb: -1 }],
    ['names without end', { ended: ['x'.repeat(17)] }],
  ])('with %s it is not believed', (_what, odd) => expect(readDesktopWord(line(odd))).toBeUndefined());
});

describe('whether the engine keeps a volume’s size', () => {
  const removed: string[] = [];
  const docker = (createVolume: () => Promise<object>) =>
    ({
      createVolume,
      getVolume: (name: string) => ({ remove: async () => void removed.push(name) }),
    }) as unknown as Docker;
  const refusing = (message: string) =>
    docker(() => Promise.reject(Object.assign(new Error(message), { statusCode: 400 })));

  test('it does when it makes one, which is removed', async () => {
    expect(
      await findSizeLimit(
        docker(async () => ({ name: 'v' })),
        {},
      ),
    ).toBe(true);
    expect(removed).toEqual(['v']);
  });

  test('it does not when it says so in its own words; any other refusal is no answer', async () => {
    expect(await findSizeLimit(refusing('create x: quota size requested but no quota support'), {})).toBe(false);
    await expect(findSizeLimit(refusing('no space left on device'), {})).rejects.toThrow(/no space/);
  });
});

test('a password comes back from its archive as it went in', async () => {
  const archive = await packSecrets('pässword-🔑');
  expect(await unpackPassword(Readable.from([archive]))).toBe('pässword-🔑');
});

describe('errors of the engine', () => {
  const failing = (fields: object) => Promise.reject(Object.assign(new Error('engine'), fields));

  test.each(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'EACCES', 'ETIMEDOUT'])(
    '%s: nobody answered',
    async (code) => {
      await expect(asking(failing({ code }))).rejects.toBeInstanceOf(EngineDown);
    },
  );

  test('an answer of the engine is no absence', async () => {
    await expect(asking(failing({ statusCode: 500 }))).rejects.not.toBeInstanceOf(EngineDown);
    await expect(accepting([404], failing({ statusCode: 500 }))).rejects.toThrow('engine');
  });

  test('a status that is as good as success is no error', async () => {
    expect(await accepting([404, 409], failing({ statusCode: 409 }))).toBeUndefined();
    expect(await accepting([404], Promise.resolve('there'))).toBe('there');
  });

  test('only numbers are statuses', () => {
    expect(statusOf(Object.assign(new Error(''), { statusCode: '404' }))).toBeUndefined();
    expect(statusOf('404')).toBeUndefined();
  });
});
