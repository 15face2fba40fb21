import { createDecipheriv, createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { sameSecret } from '../../../src/callers/same-secret.ts';
import { connectionToken } from '../../../src/control-plane/connection-token.ts';
import { loginTokens } from '../../../src/control-plane/login-token.ts';
import { hashPassword, isPassword } from '../../../src/control-plane/password.ts';
import { controlPlaneSettings } from '../../../src/control-plane/settings.ts';
import { tunnelUrl } from '../../../src/control-plane/tunnel-url.ts';

describe('a password', () => {
  it('is known again, and no other one is', async () => {
    const hash = await hashPassword('mật khẩu');
    expect(await isPassword('mật khẩu', hash)).toBe(true);
    expect(await isPassword('mật khẩu'.normalize('NFD'), hash)).toBe(true);
    expect(await isPassword('mat khau', hash)).toBe(false);
    expect(hash).not.toContain('mật');
    expect(await hashPassword('mật khẩu')).not.toBe(hash);
  });
  it('is never right against something that is no hash', async () => {
    for (const broken of ['', 'plain', 'scrypt$1$1$1$$']) expect(await isPassword('x', broken)).toBe(false);
  });
});

describe('the tunnel’s token', () => {
  it.each([
    [
      'a key of 32 bytes is the key',
      '0123456789abcdef0123456789abcdef',
      Buffer.from('0123456789abcdef0123456789abcdef'),
    ],
    ['any other key is hashed', 'khóa', createHash('sha256').update('khóa', 'utf8').digest()],
    ['bytes count, not letters', 'khóa-01234567890123456789012345', Buffer.from('khóa-01234567890123456789012345')],
  ])('%s', (_rule, key, bytes) => {
    const token = connectionToken(key, '10.213.1.5', { username: 'student', password: 'p' });
    const { iv, value } = JSON.parse(Buffer.from(token, 'base64').toString());
    const decipher = createDecipheriv('aes-256-cbc', bytes, Buffer.from(iv, 'base64'));
    const plain = decipher.update(value, 'base64', 'utf8') + decipher.final('utf8');
    expect(JSON.parse(plain)).toEqual({
      connection: {
        type: 'rdp',
        settings: {
          hostname: '10.213.1.5',
          port: '3389',
          username: 'student',
          password: 'p',
          security: 'any',
          'ignore-cert': 'true',
          'disable-audio': 'true',
          'resize-method': 'display-update',
        },
      },
    });
  });
});

describe('a login token', () => {
  const now = new Date('2026-06-01T08:00:00Z');
  const secret = 'a secret of the test';
  const caller = { userId: 42, username: 'an', role: 'STUDENT' } as const;
  const tokens = loginTokens(secret);
  const later = (hours: number) => new Date(now.getTime() + hours * 3_600_000);

  it('is good for 12 hours', async () => {
    const token = await tokens.issue(caller, now);
    expect(await tokens.read(token, later(11.99))).toEqual(caller);
    expect(await tokens.read(token, later(12.01))).toBeUndefined();
  });
  it('of another secret, of no expiry, of another algorithm, or torn is none', async () => {
    const key = new TextEncoder().encode(secret);
    const claims = { sub: '42', username: 'an', role: 'ADMIN' };
    const sign = (alg: string) => new SignJWT(claims).setProtectedHeader({ alg });
    expect(await tokens.read(await loginTokens('another secret').issue(caller, now), now)).toBeUndefined();
    expect(await tokens.read(await sign('HS256').sign(key), now)).toBeUndefined();
    expect(
      await tokens.read(await sign('HS512').setExpirationTime(later(1)).sign(new Uint8Array(64)), now),
    ).toBeUndefined();
    expect(await tokens.read('ey.ey.ey', now)).toBeUndefined();
  });
  it('is no pass to watch, and a pass is no login', async () => {
    const { jwt, expiresAt } = await loginTokens(secret).issueWatchPass(
      { userId: 42, username: 'an', role: 'PROCTOR' },
      { examId: 7, userId: 9 },
      now,
    );
    expect(expiresAt).toEqual(new Date('2026-06-01T08:01:00Z'));
    expect(await loginTokens(secret).read(jwt, now)).toBeUndefined();
  });
  it('of an older version, which does not say what it is for, goes on', async () => {
    const old = new SignJWT({ username: 'an', role: 'STUDENT', ...{ sub: 42 as never } })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(now.getTime() / 1000 + 60);
    expect(await loginTokens(secret).read(await old.sign(new TextEncoder().encode(secret)), now)).toMatchObject(caller);
  });
  it('with a role that we do not have is none', async () => {
    const key = new TextEncoder().encode(secret);
    const forged = new SignJWT({ sub: '42', username: 'an', role: 'ROOT' }).setProtectedHeader({ alg: 'HS256' });
    expect(await tokens.read(await forged.setExpirationTime(later(1)).sign(key), now)).toBeUndefined();
  });
});

it('secrets are compared whole', () => {
  expect(sameSecret('abc', 'abc')).toBe(true);
  for (const wrong of ['', 'ab', 'abcd', 'ABC']) expect(sameSecret(wrong, 'abc')).toBe(false);
});

describe('the tunnel’s address', () => {
  const page = { hostname: 'exam.school.test', secure: false };
  it.each([
    ['is what the worker says', { tunnelUrl: 'wss://w1.school.test/', publicPort: 3000 }, page, 'wss://w1.school.test'],
    ['else the page’s host on the worker’s port', { publicPort: 3000 }, page, 'ws://exam.school.test:3000'],
    [
      'with TLS where the page has it',
      { publicPort: '3443' },
      { ...page, secure: true },
      'wss://exam.school.test:3443',
    ],
    ['with an IPv6 host in brackets', { publicPort: 3000 }, { ...page, hostname: '::1' }, 'ws://[::1]:3000'],
    ['else the address that we call the worker by', {}, page, 'ws://10.0.0.9:3000'],
    ['and never something that is no tunnel', { tunnelUrl: 'javascript:x' }, page, 'ws://10.0.0.9:3000'],
  ])('%s', (_rule, metadata, from, expected) => {
    expect(tunnelUrl(metadata, 'http://10.0.0.9:3000/', from)).toBe(expected);
  });
});

describe('settings', () => {
  const good = {
    DB_HOST: 'postgres',
    DB_USER: 'vdi',
    DB_PASSWORD: 'x',
    DB_NAME: 'vdi',
    JWT_SECRET: '0123456789abcdef',
    GUAC_TOKEN_KEY: '0123456789abcdef',
    WORKER_CLUSTER_TOKEN: '0123456789abcdef',
  };
  const wrong = (change: object) =>
    controlPlaneSettings.safeParse({ ...good, ...change }).error?.issues.map(({ path }) => path.join('.'));

  it('have the contract’s defaults', () => {
    expect(controlPlaneSettings.parse(good)).toMatchObject({
      heartbeatTtlSec: 120,
      stickyExamTtlSec: 21_600,
      clusterTimeoutMs: 15_000,
      allocateRetryCount: 3,
      dispatchStaleSec: 21_600,
      vmPassword: '',
    });
  });
  it.each(Object.keys(good).filter((name) => name !== 'WORKER_CLUSTER_TOKEN'))('stop the start without %s', (name) => {
    expect(wrong({ [name]: undefined })).toEqual([name]);
  });
  it('take the cluster token under its older name, and need one of the two', () => {
    const older = { WORKER_CLUSTER_TOKEN: undefined, WORKER_HEARTBEAT_TOKEN: 'fedcba9876543210' };
    expect(controlPlaneSettings.parse({ ...good, ...older }).clusterTokens[0]).toBe('fedcba9876543210');
    expect(wrong({ WORKER_CLUSTER_TOKEN: undefined })).toEqual(['WORKER_CLUSTER_TOKEN']);
  });
});
