import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { LibraryTunnel } from '../../rig/guacamole.ts';
import { Line } from '../../rig/line.ts';
import { Rig } from '../../rig/rig.ts';
import { execIn } from '../../rig/student.ts';
import { contractToken, TunnelClient } from '../../rig/tunnel-client.ts';

/** A third of what is set where nothing is: a test need not wait as long as a proxy does. */
const KEEPALIVE_SEC = 3;
const rig = new Rig({ name: 'tunnel', env: { TUNNEL_KEEPALIVE_SEC: String(KEEPALIVE_SEC) } });
const clients: TunnelClient[] = [];
const open = (query: Record<string, string>): TunnelClient => {
  const client = new TunnelClient(rig.url, query);
  clients.push(client);
  return client;
};
const allocate = (userId: number): Promise<string> =>
  rig.until(`a desktop for student ${userId}`, async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 7, userId });
    return answer.status === 200 && String(answer.body.ip);
  });
let ip = '';
const token = () => contractToken(rig.guacTokenKey, ip);

/** A tunnel at which nobody does anything, on a line that knows when something came from each end. */
class IdleTunnel {
  readonly #line: Line;
  readonly #came = { client: [Date.now()], server: [Date.now()] };
  /** @returns what closes it */
  readonly #leave: () => void;
  isOver = false;

  private constructor(line: Line, open: (url: string, over: () => void) => () => void) {
    this.#line = line;
    line.onPiece = (from) => this.#came[from].push(Date.now());
    this.#leave = open(`http://127.0.0.1:${line.port}`, () => {
      this.isOver = true;
    });
  }

  static async open(how: (url: string, over: () => void) => () => void): Promise<IdleTunnel> {
    return new IdleTunnel(await new Line({ host: '127.0.0.1', port: rig.port }).mend(), how);
  }

  get ms(): number {
    return Date.now() - Number(this.#came.client[0]);
  }

  /** For how long nothing came from the one end, and from the other. */
  longestSilences(): number[] {
    return [this.#came.client, this.#came.server].map((times) =>
      Math.max(...times.map((time, at) => (times[at + 1] ?? Date.now()) - time)),
    );
  }

  async close(): Promise<void> {
    this.#leave();
    await this.#line.cut();
  }
}

const idle: IdleTunnel[] = [];

beforeAll(async () => {
  await rig.start();
  const ips = await Promise.all([1, 2, 3].map(allocate));
  ip = String(ips[0]);
  const query = (at: number): string => `token=${encodeURIComponent(contractToken(rig.guacTokenKey, String(ips[at])))}`;
  idle.push(
    await IdleTunnel.open((url, over) => {
      const { tunnel } = new LibraryTunnel('1.6', url, query(1));
      tunnel.onerror = over;
      return () => tunnel.disconnect();
    }),
    await IdleTunnel.open((url, over) => {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/guaclite?${query(2)}`, 'guacamole');
      socket.on('message', () => undefined).on('close', over);
      return () => socket.terminate();
    }),
  );
});
afterAll(async () => {
  for (const client of clients) client.close();
  for (const tunnel of idle) await tunnel.close();
  await rig.stop();
});

describe('a student with a token for his desktop', () => {
  test('sees it painted, and his window’s size is taken', async () => {
    const client = open({ token: token(), width: '1024', height: '700', dpi: '96' });
    expect(await client.see('')).toHaveLength(2);
    await client.see('img');
    await client.see('sync');
    // Said once, right after the login: heard all the same.
    client.send('size', '1100', '720');
    await rig.until('the new size', async () => client.screen === '1100x720');
  });

  test('joins a still desktop and sees it at once: the first frame ends with its picture, not with guacd’s next one', async () => {
    const client = open({ token: token() });
    await client.see('end');
    await client.see('sync');
    // The relay's own, right after the screen's picture; guacd's comes up to 250 ms later and has a time.
    expect(client.firstSync).toBe('0');
    expect(client.opcodes.slice(0, client.opcodes.indexOf('sync'))).toContain('img');
  });

  test('has his pings answered, so that his client does not call the tunnel unstable', async () => {
    const client = open({ token: token() });
    await client.see('sync');
    client.last.delete('');
    client.send('', 'ping', '12345');
    expect(await client.see('')).toEqual(['', 'ping', '12345']);
  });

  test('opens a second window: that takes over, and the first is told', async () => {
    const first = open({ token: token() });
    await first.see('sync');
    const second = open({ token: token() });
    await second.see('sync');
    expect(await first.end()).toBe('521');
  });

  test('comes back after a lost network to the same screen', async () => {
    const before = open({ token: token() });
    await before.see('sync');
    before.socket.terminate();
    const again = open({ token: token() });
    await again.see('img');
  });
});

describe('whatever a client sends, the worker and the others go on', () => {
  test.each<[string, (socket: WebSocket) => void]>([
    ['a binary frame', (socket) => socket.send(Buffer.from([0, 1, 2]))],
    ['text that is no instruction', (socket) => socket.send('hello')],
    ['a length that lies', (socket) => socket.send('4.key,9.1;')],
    ['a frame beyond the limit', (socket) => socket.send('9'.repeat(100_000))],
    [
      'an instruction without end',
      (socket) => {
        for (let part = 0; part < 40; part++) socket.send('99999.'.padEnd(4000, 'x'));
      },
    ],
  ])('%s', async (_name, hurt) => {
    const client = open({ token: token() });
    await client.see('sync');
    hurt(client.socket);
    await client.end();
    expect((await rig.call('/healthz')).status).toBe(200);
  });

  test('raw bytes instead of a handshake, and an upgrade to another path', async () => {
    const elsewhere = new WebSocket(`${rig.url.replace('http', 'ws')}/elsewhere`);
    const status = await new Promise((resolve) =>
      elsewhere.on('unexpected-response', (_request, answer) => resolve(answer.statusCode)),
    );
    expect(status).toBe(404);
    expect((await rig.call('/healthz')).status).toBe(200);
  });
});

test('an idle desktop’s tunnel carries something both ways as often as is set, though its page’s timers stand still: no proxy takes it for dead', async () => {
  await rig.until('some of the times', async () => idle.every(({ ms }) => ms > 2.7 * KEEPALIVE_SEC * 1000));
  expect(idle.map(({ isOver }) => isOver)).toEqual([false, false]);
  const silences = idle.flatMap((tunnel) => tunnel.longestSilences());
  // Twice the time, for a machine that is busy with other things.
  expect(silences.map((ms) => (ms <= 2 * KEEPALIVE_SEC * 1000 ? 'kept' : ms))).toEqual(Array(4).fill('kept'));
  for (const tunnel of idle) await tunnel.close();
  for (const userId of [2, 3]) await rig.call('/api/vdi/cluster/release', { examId: 7, userId });
});

test('guacd restarted: the desktop is held again and the student comes back', async () => {
  const client = open({ token: token() });
  await client.see('sync');
  await rig.container('guacd').restart({ t: 0 });
  await client.end();
  const again = open({ token: token() });
  await again.see('img');
});

test('the process of one guacd connection dies: its student’s tunnel ends and he comes back, the other notices nothing', async () => {
  const tokens = [token(), contractToken(rig.guacTokenKey, await allocate(2))];
  const seen = tokens.map((each) => open({ token: each }));
  await Promise.all(seen.map((client) => client.see('img')));
  // The oldest: the later ones are copies of the listener and keep its socket to us open, so no end ever comes.
  const oldest = 'kill -KILL "$(pidof guacd | tr " " "\\n" | sort -n | sed -n 2p)"';
  expect((await execIn(rig.container('guacd'), ['sh', '-c', oldest])).code).toBe(0);
  await rig.until('the end of its tunnel', async () => seen.some(({ closed }) => closed), 20_000);
  expect(seen.filter(({ closed }) => closed)).toHaveLength(1);
  await open({ token: tokens[seen.findIndex(({ closed }) => closed)] ?? '' }).see('img');
});
