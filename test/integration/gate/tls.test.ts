import { beforeAll, describe, expect, test } from 'vitest';
import { extension, hello, realHello, record, records, serverName } from './hello.ts';
import { compileVerdicts, cuts, type Judge, one, whole } from './verdicts.ts';

let judge: Judge;
beforeAll(() => {
  const verdicts = compileVerdicts();
  judge = verdicts.judge;
  return verdicts.clear;
});

const DATA = record(23, Buffer.alloc(40, 9));

describe('the server name in a ClientHello', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('of a real %s client passes when it is the exam’s', async (version) => {
    for (const [name, verdict] of [
      ['exam.test', 'pass'],
      ['a.wild.test', 'pass'],
      ['b.exam.test', 'refuse'],
      ['other.test', 'refuse'],
    ] as const) {
      const bytes = await realHello(name, version);
      expect(one(judge, 'tls', bytes)).toEqual(whole(verdict, verdict === 'pass' ? bytes.length : 0, name));
    }
  });

  test('is found whatever the borders of segments and records', async () => {
    for (const [name, verdict] of [
      ['exam.test', 'pass'],
      ['other.test', 'refuse'],
    ] as const) {
      const bytes = await realHello(name);
      for (const seen of judge(cuts('tls', bytes)))
        expect(seen).toEqual(whole(verdict, verdict === 'pass' ? bytes.length : 0, name));
      for (const size of [1, 2, 3, 5, 50, 200])
        expect(one(judge, 'tls', records(bytes.subarray(5), size)).verdict).toBe(verdict);
    }
  });

  test('is a name in capitals or with a dot at its end too', () => {
    expect(one(judge, 'tls', records(hello(serverName('EXAM.Test.')), 9999)).asked).toEqual(['exam.test']);
  });

  test.each([
    ['no name', hello()],
    ['two names', hello(serverName('exam.test'), serverName('exam.test'))],
    ['an empty extension', hello(extension(0, Buffer.alloc(0)))],
    [
      'two names in one list',
      hello(
        extension(
          0,
          Buffer.concat([
            Buffer.from([0, 24]),
            ...[1, 2].map(() => Buffer.concat([Buffer.from([0, 0, 9]), Buffer.from('exam.test')])),
          ]),
        ),
      ),
    ],
    ['a NUL in the name', hello(serverName('exam.test\0.other.test'))],
    ['an encrypted hello (ECH)', hello(serverName('exam.test'), extension(0xfe0d, Buffer.alloc(30)))],
    ['an encrypted name (ESNI)', hello(serverName('exam.test'), extension(0xffce, Buffer.alloc(30)))],
    ['a label too long below a wildcard', hello(serverName(`${'x'.repeat(41)}.wild.test`))],
    ['something after the hello in its record', Buffer.concat([hello(serverName('exam.test')), Buffer.from([1])])],
    ['a length that is a lie', Buffer.concat([Buffer.from([1, 0, 3]), hello(serverName('exam.test')).subarray(3)])],
    ['a hello of 20 kB', hello(serverName('exam.test'), extension(21, Buffer.alloc(20_000)))],
  ])('is refused: %s', (_, message) => {
    const seen = one(judge, 'tls', records(message, 16_384));
    expect([seen.verdict === 'pass', seen.passed]).toEqual([false, 0]);
  });

  test('is judged again in a second ClientHello, also after a cipher change', () => {
    const first = records(hello(serverName('exam.test')), 9999);
    const change = record(20, Buffer.from([1]));
    const second = (name: string) => Buffer.concat([first, change, records(hello(serverName(name)), 9999), DATA]);
    for (const seen of judge(cuts('tls', second('exam.test'))))
      expect([seen.verdict, seen.passed]).toEqual(['pass', second('exam.test').length]);
    for (const seen of judge(cuts('tls', second('other.test'))))
      expect([seen.verdict, seen.passed]).toEqual(['refuse', first.length + change.length]);
  });

  test.each([
    ['more behind it in its record', (other: Buffer) => Buffer.concat([other, Buffer.from([11, 0, 0, 0])])],
    [
      'a version that no server of TLS 1.3 looks at',
      (other: Buffer) => Buffer.concat([other.subarray(0, 5), Buffer.from([0xff]), other.subarray(6)]),
    ],
  ])('a second ClientHello for another name is refused with %s', (_, made) => {
    const before = Buffer.concat([records(hello(serverName('exam.test')), 9999), record(20, Buffer.from([1]))]);
    const second = record(22, made(hello(serverName('other.test'))));
    const seen = judge(cuts('tls', Buffer.concat([before, second, DATA])));
    expect(new Set(seen.map(({ verdict, passed }) => `${verdict} ${passed}`))).toEqual(
      new Set([`refuse ${before.length}`]),
    );
  });

  test('leaves what is encrypted alone', () => {
    const first = records(hello(serverName('exam.test')), 9999);
    const finished = record(22, Buffer.from(Array.from({ length: 40 }, (_, i) => (i * 37 + 1) & 255)));
    const bytes = Buffer.concat([
      first,
      record(22, Buffer.alloc(70, 16)),
      record(20, Buffer.from([1])),
      finished,
      DATA,
      Buffer.from('anything'),
    ]);
    for (const seen of judge(cuts('tls', bytes))) expect([seen.verdict, seen.passed]).toEqual(['pass', bytes.length]);
  });
});
