import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

const script = (name: string): string => new URL(`../../scripts/${name}.mjs`, import.meta.url).pathname;

let server: Server | undefined;
afterEach(() => server?.close());

const CALLS = { status: '/api/vdi/cluster/status', history: '/api/vdi/cluster/history?examId=7&userId=42' };

/** What status.sh prints of a worker that answers this to the token "right". */
async function shown(body: object, what: keyof typeof CALLS = 'status'): Promise<{ status: number; output: string }> {
  server = createServer((request, response) => {
    const known = request.headers['x-cluster-token'] === 'right' && request.url === CALLS[what];
    response
      .writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify(known ? body : {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'right', what);
}

function run(url: string, token = 'right', what = 'status'): Promise<{ status: number; output: string }> {
  const env = { STATUS_URL: url, STATUS_TOKEN: token, HISTORY_QUERY: 'examId=7&userId=42' };
  return new Promise((resolve) => {
    execFile(process.execPath, [script(what)], { env }, (error, stdout, stderr) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

const worker = {
  ready: true,
  reasons: [],
  version: '1.2.3',
  activeSessions: 1,
  maxSessions: 4,
  room: { count: 3, short: 'slots' },
  pools: [{ examId: 7, wanted: 2, warm: 1, creating: 1, inUse: 1 }],
  desktops: [
    { name: 'exam_7_pool_ab', examId: 7, userId: null, state: 'warm', ip: '10.213.1.1', since: new Date() },
    {
      name: 'exam_7_u42',
      examId: 7,
      userId: 42,
      state: 'in use',
      connected: true,
      ip: '10.213.1.2',
      since: new Date(0),
    },
  ],
};

describe('the status table', () => {
  test('says when the host has less left than its slots', async () => {
    const { output } = await shown({ ...worker, room: { count: 1, short: 'memory' } });
    expect(output).toContain('HOST   has memory left for 1 more only');
    expect((await shown(worker)).output).not.toContain('HOST');
  });

  test('shows slots, pools and the students, not the waiting desktops', async () => {
    const { status, output } = await shown(worker);
    expect(status).toBe(0);
    expect(output).toContain('WORKER ready (version 1.2.3)');
    expect(output).toContain('SLOTS  1 in use, 3 free, 4 in all');
    expect(output).toContain('exam 7                      warm 1 of 2 wanted, 1 being made, 1 in use');
    expect(output).toMatch(/exam_7_u42 +student 42, exam 7, in use, connected, 10\.213\.1\.2/);
    expect(output).not.toContain('exam_7_pool_ab');
  });

  test('says who still uses the previous token, and who is refused; on a good day neither', async () => {
    const last = new Date(Date.now() - 180_000).toISOString();
    const previousToken = { calls: 7, last, from: '203.0.113.5' };
    const refused = { calls: 2, last, from: '198.51.100.9', why: 'clock' };
    const { output } = await shown({ ...worker, clusterCalls: { previousToken, refused } });
    expect(output).toContain('CALLS  7 with WORKER_CLUSTER_TOKEN_PREVIOUS, the last 3 min ago from 203.0.113.5');
    expect(output).toContain('CALLS  2 refused, the last 3 min ago from 198.51.100.9: clock');
    const none = { calls: 0, last: null, from: null };
    expect((await shown({ ...worker, clusterCalls: { previousToken: none, refused: none } })).output).not.toContain(
      'CALLS',
    );
  });

  test('a worker that drains says so, and by whose word', async () => {
    const drain = { by: 'worker_nodes', since: new Date(Date.now() - 180_000).toISOString(), table: 'read' };
    const { output } = await shown({ ...worker, drainStatus: 'draining', drain });
    expect(output).toContain(
      'DRAIN  draining: no new sessions, 1 still at work; said by the table worker_nodes, 3 min ago',
    );
    expect((await shown({ ...worker, drainStatus: 'serving', drain })).output).not.toContain('DRAIN');
  });

  test('says why desktops do not come up', async () => {
    const { output } = await shown({ ...worker, lastFailure: 'exam_7_pool_ab: the page did not load' });
    expect(output).toContain('did not come up: exam_7_pool_ab: the page did not load');
  });

  test('ends with 1 and the reasons when the worker is not ready', async () => {
    const { status, output } = await shown({ ...worker, ready: false, reasons: ['redis: refused', 'guacd: away'] });
    expect({ status, first: output.split('\n')[0] }).toEqual({
      status: 1,
      first: 'WORKER NOT READY: redis: refused; guacd: away (version 1.2.3)',
    });
  });

  test('ends with 2 when the worker does not answer, and never shows the token', async () => {
    const { status, output } = await run('http://127.0.0.1:1', 'sesame');
    expect(status).toBe(2);
    expect(output).toContain('WORKER does not answer');
    expect(output).not.toContain('sesame');
  });
});

const history = {
  kept: 'database',
  waiting: 0,
  oldest: null,
  bytes: 100,
  dropped: 0,
  unreadable: 0,
  refused: 0,
  lastError: null,
  diskError: null,
};

describe('the history’s line', () => {
  test('is quiet when all is delivered', async () => {
    const { output } = await shown({ ...worker, history, degraded: [] });
    expect(output).toContain('HISTORY delivered to the database\n');
  });

  test('says what waits, for how long, what is lost and why, and that the worker is degraded', async () => {
    const oldest = new Date(Date.now() - 40 * 60_000).toISOString();
    const wrong = { ...history, waiting: 12, oldest, dropped: 3, lastError: 'connect ECONNREFUSED' };
    const { status, output } = await shown({ ...worker, history: wrong, degraded: ['database: away'] });
    expect(output).toContain(
      'HISTORY 12 events wait, the oldest for 40 min; 3 LOST for lack of room; database: connect ECONNREFUSED',
    );
    expect(output).toContain('DEGRADED database: away');
    expect(status, 'students are served all the same').toBe(0);
  });

  test('says so where no database is set', async () => {
    const kept = 'on this worker only: DB_HOST is not set';
    const { output } = await shown({ ...worker, history: { ...history, kept, waiting: 7 } });
    expect(output).toContain(`HISTORY 7 events kept ${kept}`);
  });
});

describe('a session’s history', () => {
  const session = {
    worker: 'w2',
    containerName: 'exam_7_u42',
    source: 'pool',
    beganAt: '2026-11-23T08:00:05.123Z',
    endedAt: null,
    endReason: null,
    events: [
      { at: '2026-11-23T07:55:00.000Z', kind: 'desktop-made', imageId: `sha256:${'a'.repeat(64)}`, template: 't' },
      {
        at: '2026-11-23T07:55:03.000Z',
        kind: 'proof-good',
        record: {
          results: [
            { try: 'neighbour', want: 'blocked', got: 'blocked' },
            { try: 'site', want: 'hoped', got: 'open' },
          ],
        },
      },
      {
        at: '2026-11-23T08:10:00.000Z',
        kind: 'proof-failed',
        reason: 'host answered',
        record: { results: [{ try: 'host', want: 'blocked', got: 'open' }] },
      },
    ],
  };

  test('is told event by event, with what the proofs found', async () => {
    const { status, output } = await shown({ sessions: [session], note: null }, 'history');
    expect(status).toBe(0);
    expect(output.split('\n')).toEqual([
      'SESSION on w2, exam_7_u42, from 2026-11-23 08:00:05 UTC to goes on',
      `  2026-11-23 07:55:00 UTC  desktop-made       image sha256:${'a'.repeat(12)}`,
      '  2026-11-23 07:55:03 UTC  proof-good         2 attempts, all as wanted',
      '  2026-11-23 08:10:00 UTC  proof-failed       reason host answered; 1 attempts, not as wanted: host',
      '',
    ]);
  });

  test('is said to be unknown, and why it may not be all', async () => {
    const note = 'only what this worker still has: connect ECONNREFUSED';
    const { status, output } = await shown({ sessions: [], note }, 'history');
    expect(status).toBe(1);
    expect(output).toContain(`NOT COMPLETE: ${note}`);
    expect(output).toContain('No session of this student');
  });

  test('a worker that does not answer, or wants another token, ends with 1 and never shows the token', async () => {
    expect(await run('http://127.0.0.1:1', 'sesame', 'history')).toMatchObject({ status: 1 });
    await shown({}, 'history');
    const port = (server?.address() as AddressInfo | undefined)?.port;
    const { status, output } = await run(`http://127.0.0.1:${port}`, 'sesame', 'history');
    expect([status, output.includes('answered 401'), output.includes('sesame')]).toEqual([1, true, false]);
  });
});
