import { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { endAtSilence } from '../../../src/tunnel/holder.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

function held() {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  endAtSilence(socket as never);
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
