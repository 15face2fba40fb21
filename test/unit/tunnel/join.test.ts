import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import type { Desktop } from '../../../src/desktop/desktop.ts';
import { encode } from '../../../src/tunnel/instruction.ts';
import { join } from '../../../src/tunnel/join.ts';

const servers: { close(): void }[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** A guacd that takes every join; `drawn` says which of them it draws for, counted from 1. */
async function guacd(drawn: (nth: number) => boolean) {
  let joins = 0;
  const server = createServer((socket: Socket) => {
    const nth = ++joins;
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(encode(['args', 'VERSION_1_3_0', 'read-only']));
      socket.once('data', () => {
        socket.write(encode(['ready', '$held']));
        if (drawn(nth)) setTimeout(() => socket.write(encode(['size', '0', '1024', '768'])), 20);
      });
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  let holding = new AbortController();
  const lost: string[] = [];
  const ports = {
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    connection: () =>
      Promise.resolve({
        id: '$held',
        guacd: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
        over: holding.signal,
      }),
    loseConnection: (_desktop: Desktop, id: string) => void lost.push(id),
  };
  const joiner = { screen: { width: 1024, height: 768, dpi: 96 }, settings: {}, isWanted: () => true };
  const breakHold = (): void => {
    const before = holding;
    holding = new AbortController();
    before.abort();
  };
  return { breakHold, lost, joins: () => joins, join: () => join(ports, { name: 'exam_1_u1' } as Desktop, joiner) };
}

test.concurrent('a join that guacd draws nothing for is given up after 3 s, and the next one is drawn for', async () => {
  const { join, lost, joins } = await guacd((nth) => nth > 1);
  const joined = await join();
  expect(joined?.socket.destroyed).toBe(false);
  expect(joins()).toBe(2);
  // One silence may be the join's own misfortune: everybody else is still drawn for.
  expect(lost).toEqual([]);
  joined?.socket.destroy();
}, 20_000);

test.concurrent('after two silent joins the held connection itself is given up', async () => {
  const { join, lost } = await guacd((nth) => nth > 2);
  const joined = await join();
  expect(lost).toEqual(['$held']);
  joined?.socket.destroy();
}, 20_000);

test.concurrent('a join ends with the connection that it joined, though guacd says nothing', async () => {
  const { join, breakHold } = await guacd(() => true);
  const joined = await join();
  const closed = joined && once(joined.socket, 'close', { signal: AbortSignal.timeout(10_000) });
  breakHold();
  await closed;
  expect(joined?.socket.destroyed).toBe(true);
});

// Its own `expect`: the common one forgets which test it is in while others run beside it.
test.concurrent('a join that waits in a connection that ends does not wait its time out', async ({ expect }) => {
  const { join, breakHold, joins } = await guacd((nth) => nth > 1);
  // Begun before the join's own time, so it is over first.
  const itsTime = AbortSignal.timeout(3_000);
  const joining = join();
  await expect.poll(joins, { timeout: 10_000 }).toBe(1);
  breakHold();
  const joined = await joining;
  expect(itsTime.aborted).toBe(false);
  joined?.socket.destroy();
}, 20_000);
