import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseAddress } from '../../../src/postgres/database.ts';
import { openBrowser } from '../../rig/chromium.ts';
import { startPostgres } from '../../rig/postgres.ts';
import { CLUSTER_TOKEN, type Console, startConsole } from './console.ts';
import { type FakeWorker, startFakeWorker } from './fake-worker.ts';
import { FakeTunnel, isUsable, openAs, PATIENT } from './pages.ts';

const TTL_MS = 120_000;
let address: DatabaseAddress;
let stopPostgres: () => Promise<void>;
let app: Console;
let admin: string;
let examId: number;
let an: { id: number; token: string };
let workers: FakeWorker[];
let browser: Browser;
let page: Page;
let complaints: string[];

const soon = { timeout: 10_000 };
const row = (name: string) => page.locator('.workers:not(.sessions) tbody tr', { hasText: name });
const session = (name: string) => page.locator('.sessions tbody tr', { hasText: name });
const exam = () => page.locator('.exam', { hasText: 'Algorithms' });

/** Worker `a` beats with a pool of the exam, and with who looks at a desktop. */
async function beatA(pool: object = {}, connected: number[] = []): Promise<void> {
  await app.beat({
    code: 'a',
    url: workers[0]?.url ?? '',
    slots: 4,
    metadata: {
      publicPort: 3000,
      pools: [{ examId, wanted: 0, warm: 0, creating: 0, inUse: 0, ...pool }],
      sessions: [...(workers[0]?.seats.keys() ?? [])].map((key) => {
        const [exam, userId = 0] = key.split(':').map(Number);
        return { examId: exam, userId, connected: connected.includes(userId) };
      }),
    },
  });
}

async function sitDown(): Promise<void> {
  const body = { accessCode: 'ALGO' };
  const { status } = await app.call('POST', `/api/exams/${examId}/join`, { token: an.token, body });
  expect(status).toBe(200);
}

beforeAll(async () => {
  const postgres = await startPostgres('admin-page');
  ({ address, stop: stopPostgres } = postgres);
  app = await startConsole(address, PATIENT);
  admin = await app.loginAs('admin');
  workers = [await startFakeWorker(CLUSTER_TOKEN, 4, 1), await startFakeWorker(CLUSTER_TOKEN, 2, 2)];
  const now = Date.now();
  const { body } = await app.call('POST', '/api/exams', {
    token: admin,
    body: {
      name: 'Algorithms',
      accessCode: 'ALGO',
      startTime: new Date(now - 60_000).toISOString(),
      // Longer than the time by which the clock is moved.
      endTime: new Date(now + 20 * 3_600_000).toISOString(),
    },
  });
  examId = body.id;
  an = await app.addUser('an', 'STUDENT');
  await beatA();
  await sitDown();
  await beatA();
  browser = await openBrowser();
  ({ page, complaints } = await openAs(browser, `${app.url}/admin`, 'admin'));
});
afterAll(async () => {
  await browser?.close();
  await app?.[Symbol.asyncDispose]();
  for (const worker of workers ?? []) await worker.stop();
  await stopPostgres?.();
});

describe('the console, without being loaded again', { sequential: true }, () => {
  it('shows a worker with its slots from its first heartbeat on, and Stale when the beats stay away', async () => {
    await expect.poll(() => row('Worker a').locator('.badge').textContent(), soon).toBe('Healthy');
    expect(await row('Worker a').locator('.slots-text').textContent()).toBe('1 of 4 in use, 3 free');
    await app.beat({ code: 'b', url: workers[1]?.url ?? '', slots: 2 });
    await row('Worker b').waitFor(soon);
    app.now = new Date(app.now.getTime() + TTL_MS + 1000);
    await beatA();
    await expect.poll(() => row('Worker b').locator('.badge').textContent(), soon).toBe('Stale');
    expect(await row('Worker a').locator('.badge').textContent()).toBe('Healthy');
    expect(await page.textContent('.flow')).toBe('Live: changes show as they happen.');
    await isUsable(page, 'admin');
    // The language has just been switched: names are no words of a language.
    expect(await row('Worker a').locator('.pools .strong').textContent()).toBe('Algorithms');
  });

  it('shows who is at work, since when, and whether he looks at his desktop', async () => {
    await expect.poll(() => session('an').locator('.badge').textContent(), soon).toBe('Not connected');
    await beatA({}, [an.id]);
    await expect.poll(() => session('an').locator('.badge').textContent(), soon).toBe('Connected');
    expect(await session('an').textContent()).toMatch(/Algorithms.*ago/);
  });

  it('survives a restart of the control-plane', async () => {
    const port = Number(new URL(app.url).port);
    const { now } = app;
    await app[Symbol.asyncDispose]();
    await expect.poll(() => page.textContent('.flow'), soon).toContain('Not connected. What you see is of');
    await isUsable(page, 'admin-lost');
    app = await startConsole(address, PATIENT, port);
    app.now = now;
    await expect.poll(() => page.textContent('.flow'), { timeout: 20_000 }).toBe('Live: changes show as they happen.');
    expect(await page.locator('.banner').isVisible()).toBe(false);
    await beatA({ warm: 1, wanted: 3, creating: 2 });
    await expect.poll(() => exam().locator('.pool').textContent(), soon).toBe('1 of 3 warm, 2 filling, 0 in use');
  });

  it('asks every few seconds where a proxy lets no stream through', async () => {
    const streams = (accept?: string) => accept?.includes('event-stream') ?? false;
    await page.route('**/api/live', (route) =>
      streams(route.request().headers().accept) ? route.abort() : route.continue(),
    );
    await page.reload();
    await expect.poll(() => page.textContent('.flow'), soon).toBe('Asked again every few seconds.');
    await beatA({ warm: 2, wanted: 3, creating: 1 });
    await expect.poll(() => exam().locator('.pool').textContent(), soon).toContain('2 of 3 warm');
    await page.unroute('**/api/live');
    await page.reload();
    await expect.poll(() => page.textContent('.flow'), soon).toBe('Live: changes show as they happen.');
  });
});

describe('the buttons', { sequential: true }, () => {
  it('Prewarm: the four numbers, then how far it has come, until all are warm', async () => {
    await exam().locator('input[name=count]').fill('3');
    await exam().locator('button:has-text("Prewarm")').click();
    await expect.poll(() => exam().locator('.counts dd').allTextContents(), soon).toEqual(['3', '3', '0', '3']);
    await beatA({ warm: 1, wanted: 3, creating: 2 });
    const progress = exam().locator('.prewarm [role=status]');
    await expect.poll(() => progress.textContent(), soon).toBe('Filling: 1 of 3 are warm.');
    expect(await exam().locator('[role=progressbar]').getAttribute('aria-valuenow')).toBe('1');
    await isUsable(page, 'admin-prewarm');
    await beatA({ warm: 3, wanted: 3 });
    await expect.poll(() => progress.textContent(), soon).toBe('All 3 are warm.');
  });
  it('Prewarm with 0: no more are kept warm', async () => {
    await exam().locator('input[name=count]').fill('0');
    await exam().locator('button:has-text("Prewarm")').click();
    const progress = exam().locator('.prewarm [role=status]');
    await expect.poll(() => progress.textContent(), soon).toContain('No more are kept warm');
    await beatA();
    await expect.poll(() => exam().locator('.pool').textContent(), soon).toBe('0 warm, 0 filling, 0 in use');
  });
  it('Drain and Resume, by keyboard alone', async () => {
    const drain = row('Worker a').locator('button').first();
    for (let tabs = 0; tabs < 40 && !(await drain.evaluate((it) => it === document.activeElement)); tabs++)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => row('Worker a').locator('.badge').textContent(), soon).toBe('Draining');
    expect(await drain.evaluate((it) => it === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await expect.poll(() => row('Worker a').locator('.badge').textContent(), soon).toBe('Healthy');
  });
  it('Disable asks, says how many sessions run there, and Enable takes it back', async () => {
    const disable = row('Worker a').locator('button').nth(1);
    await disable.click();
    expect(await page.textContent('dialog')).toContain('Sessions running there: 1.');
    await isUsable(page, 'admin-disable');
    await page.click('dialog button:has-text("Cancel")');
    expect(await row('Worker a').locator('.badge').textContent()).toBe('Healthy');
    await disable.click();
    await page.click('dialog button:has-text("Disable all the same")');
    await expect.poll(() => row('Worker a').locator('.badge').textContent(), soon).toBe('Disabled');
    await disable.click();
    await expect.poll(() => row('Worker a').locator('.badge').textContent(), soon).toBe('Healthy');
  });
  it('Watch opens the student’s screen, to look at only, and comes back', async () => {
    const tunnel = new FakeTunnel();
    await tunnel.serve(page);
    await session('an').locator('a').click();
    await expect.poll(() => page.textContent('.bar'), soon).toContain('Connected');
    expect(await page.textContent('.bar')).toContain('Watching only.');
    tunnel.end(0x20b);
    await expect.poll(() => page.textContent('.overlay'), soon).toContain('This session is over.');
    await isUsable(page, 'watch-over');
    await page.click('.bar button');
    await session('an').waitFor(soon);
  });
  it('Reconcile now: the counts, and what was cleaned', async () => {
    workers[0]?.seats.clear();
    app.now = new Date(app.now.getTime() + 21_601_000);
    await beatA();
    await page.click('button:has-text("Reconcile now")');
    const numbers = page.locator('.reconcile .counts dd');
    await expect.poll(() => numbers.allTextContents(), soon).toHaveLength(6);
    expect((await numbers.allTextContents()).slice(0, 2)).toEqual(['1', '1']);
    expect(await page.textContent('.changes')).toContain('an, exam');
    await expect.poll(() => session('an').count(), soon).toBe(0);
    await isUsable(page, 'admin-reconcile');
    await page.click('.reconcile button');
    await expect.poll(() => page.locator('.reconcile').isVisible()).toBe(false);
  });
  it('Release asks, and ends the session', async () => {
    await sitDown();
    await beatA();
    await session('an').locator('a').waitFor(soon);
    await session('an').locator('button').click();
    await isUsable(page, 'admin-release');
    await page.click('dialog button:has-text("Cancel")');
    expect(await session('an').count()).toBe(1);
    await session('an').locator('button').click();
    await page.click('dialog button.danger');
    await page.waitForSelector('dialog', { state: 'detached', ...soon });
    await beatA();
    await expect.poll(() => session('an').count(), soon).toBe(0);
    expect(await page.textContent('.panel:last-of-type [role=status]')).toBe('The session of an has ended.');
    expect(workers[0]?.seats.size).toBe(0);
  });
});

describe('an exam', { sequential: true }, () => {
  it('has a page of its own, with a countdown that runs, and is changed and deleted there', async () => {
    await exam().locator('a').click();
    await page.waitForSelector('.exam-page h1:has-text("Algorithms")', soon);
    const left = () => page.textContent('.exam-page .countdown');
    const before = await left();
    expect(before).toMatch(/^Ends in \d+:\d\d:\d\d$/);
    await expect.poll(left, soon).not.toBe(before);
    await isUsable(page, 'exam');
    await page.click('button:has-text("Edit")');
    await page.fill('dialog [name=endTime]', '2001-01-01T00:00');
    await page.click('dialog button:has-text("Save")');
    await expect.poll(() => page.textContent('dialog .wrong')).toContain('must be after startTime');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('endTime');
    await isUsable(page, 'exam-edit');
    await page.click('dialog button:has-text("Cancel")');
    await page.click('button:has-text("Delete")');
    await page.click('dialog button.danger');
    await page.waitForSelector('.tiles', soon);
    await expect.poll(() => exam().count(), soon).toBe(0);
  });
});

describe('the users', { sequential: true }, () => {
  it('are found, made with a password that is shown once, changed and deleted', async () => {
    await page.click('nav a:has-text("Users")');
    await page.waitForSelector('.users tbody tr', soon);
    await isUsable(page, 'users');
    await page.click('button:has-text("New user")');
    await page.fill('dialog [name=username]', 'binh');
    await page.fill('dialog [name=name]', 'Trần Bình');
    await page.click('dialog button:has-text("Save")');
    await expect.poll(() => page.textContent('dialog .secret'), soon).toMatch(/^\S{8,}$/);
    const password = (await page.textContent('dialog .secret')) ?? '';
    await isUsable(page, 'user-made');
    expect(await app.loginAs('binh', password)).not.toBe('undefined');
    await page.click('dialog button:has-text("Close")');
    await page.fill('input[name=q]', 'trần');
    const binh = page.locator('.users tbody tr', { hasText: 'binh' });
    await expect.poll(() => page.locator('.users tbody tr').count(), soon).toBe(1);
    await binh.locator('button:has-text("Edit")').click();
    await page.selectOption('dialog [name=role]', 'PROCTOR');
    await page.click('dialog button:has-text("Save")');
    await expect.poll(() => binh.textContent(), soon).toContain('Proctor');
    await binh.locator('button:has-text("Delete")').click();
    await page.click('dialog button.danger');
    await expect.poll(() => binh.count(), soon).toBe(0);
    await page.fill('input[name=q]', '');
  });

  it('come from a CSV file; each row that is refused is shown with its line', async () => {
    const rows = 'username,password,name,role\ncuc,Thi-2026-cuc,Lê Cúc,STUDENT\ndung,short,,\n,Thi-2026-x,,\n';
    const file = { name: 'class.csv', mimeType: 'text/csv', buffer: Buffer.from(rows) };
    await page.click('button:has-text("Import CSV")');
    await page.setInputFiles('dialog input[type=file]', file);
    await page.check('dialog [name=all]');
    await page.click('dialog button:has-text("Import")');
    await expect.poll(() => page.textContent('dialog .wrong'), soon).toContain('Nothing was imported');
    expect(await page.locator('dialog .errors tbody tr').count()).toBe(2);
    await page.uncheck('dialog [name=all]');
    await page.click('dialog button:has-text("Import")');
    await expect
      .poll(() => page.locator('dialog .counts dd').allTextContents(), soon)
      .toEqual(['3', '1', '0', '0', '2']);
    const lines = await page.locator('dialog .errors tbody th').allTextContents();
    expect(lines).toEqual(['Line 3', 'Line 4']);
    await isUsable(page, 'users-import');
    await page.click('dialog button:has-text("Close")');
    await expect.poll(() => page.locator('.users tbody').textContent(), soon).toContain('Lê Cúc');
    expect(await app.loginAs('cuc', 'Thi-2026-cuc')).not.toBe('undefined');
  });
});

it('a proctor sees it all and can change nothing', async () => {
  await app.addUser('hoa', 'PROCTOR');
  const { page: hers, complaints: hersToo } = await openAs(browser, `${app.url}/admin`, 'hoa');
  await hers.waitForSelector('.workers tbody tr', soon);
  expect(await hers.locator('main button').count()).toBe(0);
  expect(await hers.locator('nav a').allTextContents()).toEqual(['Overview']);
  await isUsable(hers, 'proctor');
  await hers.context().close();
  expect(hersToo).toEqual([]);
});

it('whose login has run out is asked for it again', async () => {
  await page.click('nav a:has-text("Overview")');
  await page.waitForSelector('.tiles', soon);
  app.now = new Date(app.now.getTime() + 13 * 3_600_000);
  await page.reload();
  await expect.poll(() => page.textContent('#login-problem'), soon).toContain('Your login has run out.');
  await page.click('.languages button:has-text("VI")');
  expect(await page.textContent('#login-problem')).toContain('Phiên đăng nhập đã hết hạn.');
  await isUsable(page, 'admin-login');
  expect(complaints).toEqual([]);
});
