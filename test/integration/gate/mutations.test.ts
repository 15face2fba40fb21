import { beforeAll, expect, test } from 'vitest';
import { Seeded } from '../../seeded.ts';
import { hello, realHello, record, records, serverName } from './hello.ts';
import { compileVerdicts, type Feed, type Judge } from './verdicts.ts';

let judge: Judge;
beforeAll(() => {
  const verdicts = compileVerdicts();
  judge = verdicts.judge;
  return verdicts.clear;
});

const get = (host: string, more = '') => `GET /x HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
const DATA = record(23, Buffer.alloc(40, 9));

test('20,000 broken connections: no fault of memory, and the same verdict whatever the borders', async () => {
  const tls = await realHello('exam.test');
  const good: readonly (readonly [Feed['kind'], Buffer])[] = [
    ['tls', Buffer.concat([tls, DATA])],
    [
      'tls',
      Buffer.concat([
        records(hello(serverName('exam.test')), 20),
        record(20, Buffer.from([1])),
        records(hello(serverName('a.wild.test')), 30),
        DATA,
      ]),
    ],
    [
      'http',
      Buffer.from(
        get('exam.test', 'Content-Length: 5\r\n') +
          'hello' +
          get('wild.test', 'Transfer-Encoding: chunked\r\n') +
          '3\r\nabc\r\n0\r\n\r\n',
      ),
    ],
    ['websocket', Buffer.from(`${get('exam.test', 'Upgrade: websocket\r\n')}frames`)],
  ];
  const pairs: Feed[] = [];
  for (let seed = 1; seed <= 10_000; seed++) {
    const random = new Seeded(seed);
    const [kind, from] = random.pick(good);
    const bytes = mutated(random, from);
    pairs.push({ kind, pieces: [bytes] }, { kind, pieces: inPieces(random, bytes) });
  }
  const seen = judge(pairs);
  for (let at = 0; at < seen.length; at += 2) {
    const [once, cut] = [seen[at], seen[at + 1]];
    expect({ seed: at / 2 + 1, ...cut }).toEqual({ seed: at / 2 + 1, ...once });
  }
  // The test would be worth little if all of them were refused at the first byte.
  for (const verdict of ['pass', 'more', 'refuse'])
    expect(seen.filter((one) => one.verdict === verdict).length).toBeGreaterThan(200);
});

function mutated(random: Seeded, from: Buffer): Buffer {
  let bytes = Buffer.from(from);
  for (let times = random.whole(0, 3); times > 0; times--) {
    const at = random.whole(0, bytes.length - 1);
    const end = Math.min(bytes.length, at + random.whole(1, 20));
    const how = random.whole(0, 4);
    if (how === 0) bytes[at] = random.whole(0, 255);
    else if (how === 1) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    else if (how === 2) bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    else if (how === 3) bytes = bytes.subarray(0, at + 1);
    else bytes[at] = (bytes[at] ?? 0) ^ (1 << random.whole(0, 7));
  }
  return bytes;
}

function inPieces(random: Seeded, bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + random.whole(1, 60);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}
