import { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endAtGoodbye, endAtSilence } from '../../../src/tunnel/holder.ts';
import { Patience } from '../../../src/tunnel/patience.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

function held() {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  socket.on('data', endAtSilence(socket as never));
  return socket;
}

test('a held connection that hears nothing ends, though nobody closes it', async () => {
  const socket = held();
  await vi.advanceTimersByTimeAsync(12_000);
  expect(socket.destroyed).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(socket.destroyed).toBe(true);
});

test('a held connection that hears guacd’s nop every 5 s goes on', async () => {
  const socket = held();
  for (let times = 0; times < 12; times++) {
    socket.push('3.nop;');
    await vi.advanceTimersByTimeAsync(5_000);
  }
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});

test.each([
  ['an error', ['4.sync,8.24644229;5.error,18.Aborted. See logs.,3.520;']],
  ['an error in two pieces', ['4.sync,8.24644229;5.er', 'ror,18.Aborted. See logs.,3.520;']],
  ['a goodbye', ['7.dispose,2.-1;10.disconnect;']],
  ['a goodbye letter by letter', [...'10.disconnect;']],
  ['a goodbye after a picture', ['4.blob,1.1,4.QUJD;'.repeat(500), '3.end,1.1;10.disc', 'onnect;']],
])('a held connection ends at guacd’s word, though the socket stays open: %s', async (_how, words) => {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  socket.on('data', endAtGoodbye(socket as never));
  for (const word of words) {
    expect(socket.destroyed).toBe(false);
    socket.push(word);
    await new Promise(setImmediate);
  }
  expect(socket.destroyed).toBe(true);
});

test('a login that was not done in time gives the next one twice the time, up to 24 s; one that was done starts over', () => {
  const patience = new Patience();
  const tries = [1, 2, 3, 4, 5].map(() => {
    const ms = patience.of('a', 3_000);
    patience.ranOut('a', ms);
    return ms;
  });
  expect(tries).toEqual([3_000, 6_000, 12_000, 24_000, 24_000]);
  expect(patience.of('b', 15_000)).toBe(15_000);
  patience.forget('a');
  expect(patience.of('a', 3_000)).toBe(3_000);
});

test('one that was refused, or found nobody there, takes none from the next: a guacd that was away is no busy host', () => {
  const patience = new Patience();
  for (let tries = 0; tries < 5; tries++) expect(patience.of('a', 3_000)).toBe(3_000);
});
