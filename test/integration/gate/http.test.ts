import { beforeAll, describe, expect, test } from 'vitest';
import { compileVerdicts, cuts, type Judge, one, whole } from './verdicts.ts';

let judge: Judge;
beforeAll(() => {
  const verdicts = compileVerdicts();
  judge = verdicts.judge;
  return verdicts.clear;
});

const get = (host: string, more = '') => `GET /x HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;

const SHORT_BODY = `${get('exam.test', 'Content-Length: 3\r\n')}abc`;
const CHUNKED = `${get('exam.test', 'Transfer-Encoding: chunked\r\n')}1\r\na\r\n0\r\n\r\n`;

describe('the Host of HTTP requests', () => {
  test.each([
    ['a plain request', get('exam.test'), ['exam.test']],
    ['a port', get('exam.test:8080'), ['exam.test']],
    ['capitals, a dot, blanks', get(' EXAM.test. \t'), ['exam.test']],
    [
      'many requests on one connection',
      get('exam.test') + get('a.wild.test') + get('exam.test'),
      ['exam.test', 'a.wild.test', 'exam.test'],
    ],
    ['an absolute target', `GET http://wild.test/ HTTP/1.1\r\nHost: exam.test\r\n\r\n`, ['exam.test', 'wild.test']],
    [
      'a body by its length, then a request',
      `${get('exam.test', 'Content-Length: 5\r\n')}GET /${get('wild.test')}`,
      ['exam.test', 'wild.test'],
    ],
    [
      'a body in chunks, then a request',
      `${get('exam.test', 'Transfer-Encoding: chunked\r\n')}5;x=1\r\nGET /\r\n0\r\nA: b\r\n\r\n${get('wild.test')}`,
      ['exam.test', 'wild.test'],
    ],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: exam.test\r\n\r\n', ['exam.test']],
  ])('passes, cut anywhere: %s', (_, text, asked) => {
    const bytes = Buffer.from(text);
    for (const seen of judge(cuts('http', bytes))) expect(seen).toEqual(whole('pass', bytes.length, ...asked));
  });

  test.each([
    ['another Host', get('other.test'), 0],
    ['another Host in the second request', get('exam.test') + get('other.test'), get('exam.test').length],
    ['another Host after a body', `${SHORT_BODY}${get('other.test')}`, SHORT_BODY.length],
    ['another Host after chunks', `${CHUNKED}${get('other.test')}`, CHUNKED.length],
    ['no Host', 'GET / HTTP/1.0\r\n\r\n', 0],
    ['two Hosts', get('exam.test', 'Host: other.test\r\n'), 0],
    ['two equal Hosts', get('exam.test', 'host: exam.test\r\n'), 0],
    ['an absolute target elsewhere', 'GET http://other.test/ HTTP/1.1\r\nHost: exam.test\r\n\r\n', 0],
    ['a login in the target', 'GET http://exam.test@other.test/ HTTP/1.1\r\nHost: exam.test\r\n\r\n', 0],
    ['CONNECT', 'CONNECT other.test:443 HTTP/1.1\r\nHost: exam.test\r\n\r\n', 0],
    ['length and chunks', get('exam.test', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'), 0],
    ['two lengths', get('exam.test', 'Content-Length: 3\r\nContent-Length: 3\r\n'), 0],
    ['a length with a sign', get('exam.test', 'Content-Length: +3\r\n'), 0],
    ['a coding that is not chunked', get('exam.test', 'Transfer-Encoding: gzip, chunked\r\n'), 0],
    ['chunks in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: exam.test\r\nTransfer-Encoding: chunked\r\n\r\n', 0],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nHost : exam.test\r\n\r\n', 0],
    ['a folded line', 'GET / HTTP/1.1\r\nHost: exam.test\r\n other.test\r\n\r\n', 0],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: exam.test\n\r\n\r\n', 0],
    ['a bare carriage return', 'GET / HTTP/1.1\r\nX: a\rHost: other.test\r\nHost: exam.test\r\n\r\n', 0],
    ['a NUL', 'GET / HTTP/1.1\r\nHost: exam.test\0.other.test\r\n\r\n', 0],
    ['HTTP/2 in the clear', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 0],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n', 0],
    ['a head of 40 kB', get('exam.test', `X: ${'a'.repeat(40_000)}\r\n`), 0],
    [
      'an upgrade in a later request',
      get('exam.test') + get('exam.test', 'Upgrade: websocket\r\n'),
      get('exam.test').length,
    ],
  ])('is refused, cut anywhere: %s', (_, text, passed) => {
    const bytes = Buffer.from(text, 'latin1');
    const feeds = bytes.length > 5000 ? [{ kind: 'http' as const, pieces: [bytes] }] : cuts('http', bytes);
    for (const seen of judge(feeds)) expect([seen.verdict, seen.passed]).toEqual(['refuse', passed]);
  });

  test('chunk sizes that two servers could read differently are refused', () => {
    for (const size of ['', 'g', '0x1', '-1', '+1', ' 1', '1 ', '1\n', 'fffffffffffffffff', `1;${'a'.repeat(2000)}`])
      expect(one(judge, 'http', `${get('exam.test', 'Transfer-Encoding: chunked\r\n')}${size}\r\n`).verdict).toBe(
        'refuse',
      );
  });

  test('a WebSocket is a tunnel only when the site agreed to it', () => {
    const ask = get('exam.test', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
    expect(one(judge, 'websocket', ask, '\x81\x05hello')).toEqual(whole('pass', ask.length + 7, 'exam.test'));
    expect(one(judge, 'upgrade', ask, '\x81\x05hello').verdict).toBe('refuse');
    expect(one(judge, 'upgrade', ask, get('exam.test'))).toEqual(
      whole('pass', ask.length + get('exam.test').length, 'exam.test', 'exam.test'),
    );
    expect(one(judge, 'upgrade', ask, get('other.test'))).toEqual(
      whole('refuse', ask.length, 'exam.test', 'other.test'),
    );
    expect(one(judge, 'websocket', get('exam.test', 'Upgrade: h2c\r\n'), 'PRI').verdict).toBe('refuse');
  });
});
