import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';

const SCRIPT = new URL('../../scripts/status.mjs', import.meta.url).pathname;

let server: Server | undefined;
afterEach(() => server?.close());

/** What status.sh prints of a worker that answers this to the token "right". */
async function shown(body: object): Promise<{ status: number; output: string }> {
  server = createServer((request, response) => {
    const known = request.headers['x-cluster-token'] === 'right' && request.url === '/api/vdi/cluster/status';
    response
      .writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify(known ? body : {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

function run(url: string, token = 'right'): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT], { env: { STATUS_URL: url, STATUS_TOKEN: token } }, (error, stdout, stderr) => {
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
