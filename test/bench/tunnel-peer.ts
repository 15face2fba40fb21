import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { encode } from '../../src/tunnel/instruction.ts';
import { frame, microseconds } from './tunnel-frames.ts';

/** What a process of the tunnel bench can be asked for. */
export type Calls = Record<string, (args: never) => Promise<unknown>>;

const WRITE_BYTES = 16 * 1024;
const FLOW_MS = 50;

/** A guacd of our own that answers the handshake as guacd 1.3 does and then plays what it is told. */
export async function peer(): Promise<Calls> {
  const open = new Set<Socket>();
  let recording = Buffer.alloc(0);
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    let said = '';
    socket.on('data', (chunk: Buffer) => {
      // Only until the handshake is over; whatever browsers say later is read and dropped.
      if (open.has(socket)) return;
      said += chunk.toString('latin1');
      if (/6\.select,[^;]*;$/.test(said)) socket.write(encode(['args', 'VERSION_1_3_0', 'hostname', 'read-only']));
      if (!/7\.connect,[^;]*;/.test(said)) return;
      open.add(socket);
      // Something drawn, or the worker takes the join for a dead one.
      socket.write(encode(['ready', `$${open.size}`]) + encode(['sync', '0']));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: async () => (server.address() as { port: number }).port,
    connected: async () => open.size,
    record: async ({ base64 }: { base64: string }) => {
      recording = Buffer.from(base64, 'base64');
    },
    /** Plays the whole recording so often to everybody, as fast as they take it. */
    play: async ({ times }: { times: number }) => {
      await Promise.all([...open].map((socket) => play(socket, recording, times * recording.length)));
    },
    /** As much a second to everybody, for so long; who does not take it gets no more until he does. */
    flow: async ({ mbPerSecond, seconds }: { mbPerSecond: number; seconds: number }) => {
      const piece = Math.round((mbPerSecond * 2 ** 20 * FLOW_MS) / 1000);
      const whole = Buffer.concat(Array.from({ length: Math.ceil(piece / recording.length) }, () => recording));
      for (const end = performance.now() + seconds * 1000; performance.now() < end && open.size > 0; ) {
        for (const socket of open) if (!socket.writableNeedDrain) socket.write(whole);
        await new Promise((resolve) => setTimeout(resolve, (FLOW_MS * whole.length) / piece));
      }
    },
    /** A small frame to everybody every so often, each with the time at which it was sent. */
    tick: async ({ everyMs, times }: { everyMs: number; times: number }) => {
      const sockets = [...open];
      for (let tick = 0; tick < times; tick++) {
        const step = everyMs / sockets.length;
        const began = performance.now();
        for (const [index, socket] of sockets.entries()) {
          // Spread over the interval, as students' screens change at times of their own.
          const ahead = index * step - (performance.now() - began);
          if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead));
          socket.write(frame(recording, microseconds()));
        }
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, everyMs - (performance.now() - began))));
      }
    },
  };
}

async function play(socket: Socket, recording: Buffer, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes && !socket.destroyed; ) {
    const at = sent % recording.length;
    const chunk = recording.subarray(at, Math.min(at + WRITE_BYTES, recording.length, at + bytes - sent));
    sent += chunk.length;
    if (socket.write(chunk)) continue;
    // A socket that is cut while it is full never drains.
    await new Promise<void>((resolve) => {
      const on = (): void => {
        socket.off('drain', on).off('close', on);
        resolve();
      };
      socket.on('drain', on).on('close', on);
    });
  }
}
