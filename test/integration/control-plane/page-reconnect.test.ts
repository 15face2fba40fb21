import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import express from 'express';
import { SignJWT } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readWorkerConfig } from '../../../src/config.ts';
import { pageRoutes } from '../../../src/control-plane/http/pages.ts';
import { readWebAssets } from '../../../src/control-plane/web-assets.ts';
import { Metrics } from '../../../src/http/metrics.ts';
import { encode } from '../../../src/tunnel/instruction.ts';
import { openTunnel } from '../../../src/worker-tunnel.ts';
import { openBrowser } from '../../rig/chromium.ts';
import { seated as desktop, seat } from '../../rig/seated.ts';
import { tunnelParts } from '../../rig/tunnel-parts.ts';

const SECRET = 'a secret of the test that is long';
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** As far as a handshake and the ends of frames go. */
const guacd = createTcpServer((socket: Socket) => {
  let said = '';
  socket
    .on('error', () => undefined)
    .on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      if (/^6\.select,[^;]*;$/.test(said)) socket.write(encode(['args', 'VERSION_1_5_0', 'hostname', 'read-only']));
      if (!/7\.connect,[^;]*;$/.test(said)) return;
      said = '';
      socket.write(encode(['ready', '$1']) + encode(['size', '0', '1024', '768']));
      let frame = 0;
      const frames = setInterval(() => socket.write(encode(['sync', String(++frame)])), 100);
      socket.on('close', () => clearInterval(frames));
    });
}).listen(0, '127.0.0.1');
const visits: string[] = [];
const lines = new Set<Duplex>();
let joins = 0;
let browser: Browser;
let page: Page;
let tunnel: ReturnType<typeof openTunnel>;
const closing: (() => void)[] = [];

beforeAll(async () => {
  if (!guacd.listening) await once(guacd, 'listening');
  tunnel = openTunnel({
    settings: readWorkerConfig({
      WORKER_CODE: 'w',
      WORKER_CLUSTER_TOKEN: SECRET,
      JWT_SECRET: SECRET,
      GUAC_TOKEN_KEY: SECRET,
      EXAM_NETWORK: 'w_exam_net',
    }),
    ...tunnelParts((guacd.address() as { port: number }).port),
    metrics: new Metrics(),
    log: silent,
    atAddress: () => desktop,
    atSeat: () => desktop,
  });
  const app = express();
  app.post('/api/exams/7/join', async (_request, response) => {
    joins++;
    const connection = await tunnel.connectionOf(seat);
    response.json({
      token: 'none',
      connection,
      tunnelUrl: `ws://${_request.get('host')}`,
      examName: 'Sample',
      endTime: new Date(Date.now() + 3_600_000),
      moved: false,
    });
  });
  app.use(pageRoutes(await readWebAssets()));
  const server = createServer(app).on('upgrade', (request, socket, head) => {
    visits.push([...new URL(request.url ?? '', 'http://w').searchParams.keys()].sort().join());
    lines.add(socket);
    tunnel.door.onUpgrade(request, socket, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
    () => guacd.close(),
    () => tunnel.door.close(),
  );
  browser = await openBrowser();
  page = await (await browser.newContext({ locale: 'en-US' })).newPage();
  const login = new SignJWT({ sub: 42 as unknown as string }).setProtectedHeader({ alg: 'HS256' });
  const jwt = await login.setExpirationTime('1h').sign(Buffer.from(SECRET));
  await page.addInitScript((token) => {
    sessionStorage.setItem('vdi.login', JSON.stringify({ token, user: { id: 42, username: 's', role: 'STUDENT' } }));
    sessionStorage.setItem('vdi.place', JSON.stringify({ examId: 7, examName: 'Sample', accessCode: 'X' }));
  }, jwt);
  await page.goto(`http://127.0.0.1:${(server.address() as { port: number }).port}/`);
});
afterAll(async () => {
  await browser?.close();
  for (const close of closing) close();
});

const isThere = () =>
  expect
    .poll(
      () =>
        page
          .locator('.bar-state')
          .textContent({ timeout: 1_000 })
          .catch(() => ''),
      { timeout: 15_000 },
    )
    .toBe('Connected');
async function cut(): Promise<void> {
  const before = visits.length;
  for (const line of lines) line.destroy();
  lines.clear();
  await expect.poll(() => visits.length, { timeout: 15_000 }).toBeGreaterThan(before);
  await expect.poll(() => tunnel.tunnels.ids().size, { timeout: 15_000 }).toBe(1);
  await isThere();
}

test('a lost network comes back by the token that the page has; one that opens nothing any more by a fresh join', async () => {
  await isThere();
  expect([visits, joins]).toEqual([['connection,dpi,height,jwt,width'], 1]);
  await cut();
  await cut();
  expect(joins).toBe(1);
  // The worker has forgotten the allocation.
  await tunnel.sessions.end(seat);
  await cut();
  expect(joins).toBe(2);
  await cut();
  expect(joins).toBe(2);
});
