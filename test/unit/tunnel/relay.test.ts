import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { decode, encode } from '../../../src/tunnel/instruction.ts';
import { STATUS } from '../../../src/tunnel/status.ts';
import { RelayPair } from './relay-pair.ts';

const MB = 2 ** 20;
const BLOB = encode(['blob', '1', 'A'.repeat(6_000)]);
const STALLED_MS = 30_000;

afterEach(() => vi.useRealTimers());

/** A browser that is open. */
async function browse(pair: RelayPair): Promise<WebSocket> {
  const browser = new WebSocket(`${pair.url.replace('http', 'ws')}/guaclite`, 'guacamole');
  browser.on('error', () => undefined);
  await once(browser, 'message');
  return browser;
}

/** Writes as much as is taken, 64 MB at most. @returns how much was */
async function pour(socket: Socket, text: string, ms = 1_500): Promise<number> {
  const before = socket.bytesWritten - socket.writableLength;
  const piece = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)));
  for (let sent = 0; sent < 64 * MB; sent += piece.length) {
    if (socket.write(piece)) continue;
    if (!(await Promise.race([once(socket, 'drain').then(() => true), later(ms)]))) break;
  }
  return socket.bytesWritten - socket.writableLength - before;
}

const later = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(() => resolve(false), ms).unref());
const reason = async (browser: WebSocket): Promise<string> => String((await once(browser, 'close'))[1]);

describe('a browser that reads nothing', () => {
  test('pauses guacd: what waits in this process is bounded, and goes on whole when it reads again', async () => {
    await using pair = await RelayPair.open();
    const browser = await browse(pair);
    browser.pause();
    const guacd = await pair.guacd;
    const taken = await pour(guacd, BLOB);
    // The kernel's buffers of both connections take some MB; without a bound all 64 would be taken.
    expect(taken).toBeLessThan(24 * MB);
    expect((await pair.relay).isStalled).toBe(true);
    // The mark, and the read that went over it.
    expect(pair.browser?.bufferedAmount).toBeLessThan(400 * 1024);
    expect((await pair.relay).bytesToBrowser).toBeLessThan(taken + 1);
    let bytes = 0;
    browser.on('message', (message: Buffer) => {
      bytes += message.length;
    });
    browser.resume();
    await vi.waitFor(() => expect(bytes).toBeGreaterThan(taken / 2), 10_000);
    expect((await pair.relay).isStalled).toBe(false);
  });

  test('is closed after a time with the code for it, and guacd is let go', async () => {
    await using pair = await RelayPair.open();
    const browser = await browse(pair);
    browser.pause();
    const guacd = await pair.guacd;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const piece = BLOB.repeat(100);
    while (!(await pair.relay).isStalled) {
      guacd.write(piece);
      await new Promise(setImmediate);
    }
    const gone = new Promise((resolve) => guacd.once('close', resolve));
    vi.advanceTimersByTime(STALLED_MS + 2_500);
    vi.useRealTimers();
    guacd.resume();
    await gone;
    browser.resume();
    expect(await reason(browser)).toBe('776');
  });

  test('is not answered as often as it asks: pings fill no memory', async () => {
    await using pair = await RelayPair.open();
    const browser = await browse(pair);
    browser.pause();
    const relay = await pair.relay;
    const long = 'x'.repeat(20_000);
    for (let count = 0; count < 1_500; count++) {
      browser.send(encode(['', 'ping', long]));
      if (browser.bufferedAmount > MB) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await vi.waitFor(() => expect(relay.isStalled).toBe(true), 10_000);
    // Of 30 MB of answers what the mark allows, and one more.
    expect(pair.browser?.bufferedAmount).toBeLessThan(300 * 1024);
  });
});

test('a browser that never says goodbye is gone all the same: its student counts as away at once', async () => {
  await using pair = await RelayPair.open();
  const browser = await browse(pair);
  browser.pause();
  (await pair.relay).end(STATUS.tooSlow);
  expect(pair.ends).toBe(1);
  browser.resume();
  expect(await reason(browser)).toBe('776');
  expect(pair.ends).toBe(1);
});

describe('a guacd that reads nothing', () => {
  test('pauses the browser: what waits in this process is bounded, and goes on when it reads again', async () => {
    await using pair = await RelayPair.open();
    const browser = await browse(pair);
    const guacd = await pair.guacd;
    guacd.pause();
    const keys = encode(['key', '65', '1']).repeat(4_000);
    let sent = 0;
    while (sent < 64 * MB && browser.bufferedAmount < 4 * MB) {
      browser.send(keys);
      sent += keys.length;
      await new Promise(setImmediate);
    }
    expect(sent).toBeLessThan(40 * MB);
    guacd.resume();
    await vi.waitFor(() => expect(browser.bufferedAmount).toBe(0), 10_000);
    browser.send(encode(['key', '66', '0']));
    await vi.waitFor(() => expect(pair.told.endsWith('3.key,2.66,1.0;')).toBe(true), 10_000);
  });

  test('ends the tunnel after a time: the student is told that his desktop does not answer', async () => {
    await using pair = await RelayPair.open();
    const browser = await browse(pair);
    const guacd = await pair.guacd;
    guacd.pause();
    const keys = encode(['key', '65', '1']).repeat(4_000);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    while (browser.bufferedAmount < 2 * MB) {
      browser.send(keys);
      await new Promise(setImmediate);
    }
    const ended = reason(browser);
    vi.advanceTimersByTime(STALLED_MS + 2_500);
    vi.useRealTimers();
    expect(await ended).toBe('514');
    await vi.waitFor(() => expect(pair.ends).toBe(1));
  });
});

describe('what a browser holds down', () => {
  const holding = [
    ['key', '65505', '1'],
    ['key', '107', '1'],
    ['key', '97', '1'],
    ['key', '97', '0'],
    ['mouse', '10', '20', '1'],
  ] as const;
  const words = holding.map((each) => encode([...each])).join('');
  const lettingGo = '3.key,5.65505,1.0;3.key,3.107,1.0;5.mouse,2.10,2.20,1.0;';

  test.each<[string, (browser: WebSocket, pair: RelayPair) => unknown]>([
    ['its network breaks', (browser) => browser.terminate()],
    ['another window takes over', async (_browser, pair) => (await pair.relay).end(STATUS.takenOver)],
  ])('is let go for it when %s: the desktop would repeat the key for ever', async (_how, end) => {
    await using pair = await RelayPair.open();
    const browser = await browse(pair);
    browser.send(words);
    await vi.waitFor(() => expect(pair.told).toBe(words));
    await end(browser, pair);
    await vi.waitFor(() => expect(pair.told).toBe(`${words}${lettingGo}10.disconnect;`));
  });

  test('is remembered for as many keys as hands hold, and only where it is a key', async () => {
    await using pair = await RelayPair.open();
    const browser = await browse(pair);
    const many = Array.from({ length: 500 }, (_, at) => encode(['key', String(at), '1']));
    browser.send([encode(['key', 'x'.repeat(9_000), '1']), ...many].join(''));
    await vi.waitFor(() => expect(pair.told).toContain(many.at(-1)));
    pair.told = '';
    browser.terminate();
    await vi.waitFor(() => expect(pair.told).toContain('disconnect'));
    expect(decode(pair.told).instructions).toHaveLength(32 + 1);
    expect(decode(pair.told).instructions[0]).toEqual(['key', '0', '0']);
  });
});

describe('instructions in pieces', () => {
  test('of a browser are put together, but not without end', async () => {
    await using pair = await RelayPair.open();
    const browser = await browse(pair);
    for (const piece of ['3.k', 'ey,2.6', '5,1.1', ';']) browser.send(piece);
    await vi.waitFor(() => expect(pair.told).toBe('3.key,2.65,1.1;'));
    const ended = reason(browser);
    browser.send('60000.');
    for (let count = 0; count < 200; count++) browser.send('a');
    expect(await ended).toBe('768');
  });

  test.each([
    ['that lie', Buffer.from('3.nopx1.1;')],
    ['that are no UTF-8', Buffer.from([...Buffer.from('4.name,1.'), 0xff, 0x3b])],
    ['without end', Buffer.from(`4.blob,${'0.,'.repeat(50_000)}`)],
  ])('of guacd %s never reach the browser', async (_what, said) => {
    await using pair = await RelayPair.open();
    const browser = await browse(pair);
    const heard: string[] = [];
    browser.on('message', (message: Buffer) => heard.push(message.toString()));
    (await pair.guacd).write(said);
    expect(await reason(browser)).toBe('768');
    expect(heard).toEqual([encode(['error', 'Bad request', '768'])]);
  });
});
