import { once } from 'node:events';
import WebSocket from 'ws';
import { openGuacd } from '../../src/tunnel/guacd.ts';
import { encode } from '../../src/tunnel/instruction.ts';
import { contractToken } from '../rig/tunnel-client.ts';
import { ages, microseconds } from './tunnel-frames.ts';
import type { Calls } from './tunnel-peer.ts';
import { TOKEN_KEY } from './tunnel-servers.ts';

const ANSWER_EVERY_BYTES = 64 * 1024;
const OPEN_WIDTH = 20;

/** Many students' browsers in one process: they count what comes, and answer as a browser does after a frame. */
export async function browsers(): Promise<Calls> {
  let open: { close(): void }[] = [];
  let seen: number[] = [];
  let bytes = 0;
  let messages = 0;
  let waiting: { bytes: number; resolve(at: number): void } | undefined;
  const take = (message: Buffer): void => {
    bytes += message.length;
    messages++;
    for (const old of ages(message)) seen.push(old / 1000);
    if (waiting && bytes >= waiting.bytes) waiting.resolve(microseconds());
  };

  const browse = async (port: number, index: number): Promise<WebSocket> => {
    const token = contractToken(TOKEN_KEY, `10.99.${index >> 8}.${index & 255}`);
    const query = new URLSearchParams({ token, width: '1280', height: '800', dpi: '96' });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/guaclite?${query}`, 'guacamole', { skipUTF8Validation: true });
    let unanswered = 0;
    socket.on('message', (message: Buffer) => {
      take(message);
      unanswered += message.length;
      if (unanswered < ANSWER_EVERY_BYTES) return;
      unanswered = 0;
      socket.send(encode(['sync', '1234567']));
    });
    socket.on('error', () => undefined);
    open.push({ close: () => socket.terminate() });
    await once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
    return socket;
  };

  return {
    open: async ({ port, count }: { port: number; count: number }) => {
      for (let from = 0; from < count; from += OPEN_WIDTH) {
        const indexes = Array.from({ length: Math.min(OPEN_WIDTH, count - from) }, (_, index) => from + index);
        await Promise.all(indexes.map((index) => browse(port, index)));
      }
    },
    /** Without any tunnel between: what the peer and this process themselves take. */
    openDirect: async ({ port, count }: { port: number; count: number }) => {
      for (let index = 0; index < count; index++) {
        const screen = { width: 1280, height: 800, dpi: 96 };
        const address = { host: '127.0.0.1', port };
        const { socket } = await openGuacd(address, 'rdp', {}, screen, AbortSignal.timeout(10_000));
        socket.on('data', take);
        open.push({ close: () => socket.destroy() });
      }
    },
    /** One that reads nothing, as a laptop whose lid was closed. */
    openStalled: async ({ port }: { port: number }) => (await browse(port, 0)).pause(),
    begin: async () => {
      bytes = 0;
      messages = 0;
      seen = [];
    },
    /** Resolves when this many bytes came in all since `begin`. */
    received: async ({ bytes: wanted }: { bytes: number }) => {
      const end = await new Promise<number>((resolve) => {
        waiting = { bytes: wanted, resolve };
        if (bytes >= wanted) resolve(microseconds());
      });
      waiting = undefined;
      return { endMicroseconds: end, messages, bytes };
    },
    ages: async () => seen,
    close: async () => {
      for (const each of open) each.close();
      open = [];
    },
  };
}
