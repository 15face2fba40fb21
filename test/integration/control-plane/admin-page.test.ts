import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseAddress } from '../../../src/postgres/database.ts';
import { openBrowser } from '../../rig/chromium.ts';
import { startPostgres } from '../../rig/postgres.ts';
import { CLUSTER_TOKEN, type Console, PASSWORD, startConsole } from './console.ts';
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
    await expect.poll(() => row('Worker a').locator('.badge').textContent()).toBe('Healthy');
    expect(await row('Worker a').locator('.slots-text').textContent()).toBe('1 of 4 in use, 3 free');
    await app.beat({ code: 'b', url: workers[1]?.url ?? '', slots: 2 });
    await row('Worker b').waitFor();
    app.now = new Date(app.now.getTime() + TTL_MS + 1000);
    await beatA();
    await expect.poll(() => row('Worker b').locator('.badge').textContent()).toBe('Stale');
    expect(await row('Worker a').locator('.badge').textContent()).toBe('Healthy');
    expect(await page.textContent('.flow')).toBe('Live: changes show as they happen.');
    await isUsable(page, 'admin');
    // The language has just been switched: names are no words of a language.
    expect(await row('Worker a').locator('.pools .strong').textContent()).toBe('Algorithms');
  });

  it('shows who is at work, since when, and whether he looks at his desktop', async () => {
    await expect.poll(() => session('an').locator('.badge').textContent()).toBe('Not connected');
    await beatA({}, [an.id]);
    await expect.poll(() => session('an').locator('.badge').textContent()).toBe('Connected');
    expect(await session('an').textContent()).toMatch(/Algorithms.*ago/);
  });

  it('survives a restart of the control-plane', async () => {
    const port = Number(new URL(app.url).port);
    const { now } = app;
    await app[Symbol.asyncDispose]();
    await expect.poll(() => page.textContent('.flow')).toContain('Not connected. What you see is of');
    await isUsable(page, 'admin-lost');
    app = await startConsole(address, PATIENT, port);
    app.now = now;
    await expect.poll(() => page.textContent('.flow'), { timeout: 20_000 }).toBe('Live: changes show as they happen.');
    expect(await page.locator('.banner').isVisible()).toBe(false);
    await beatA({ warm: 1, wanted: 3, creating: 2 });
    await expect.poll(() => exam().locator('.pool').textContent()).toBe('1 of 3 warm, 2 filling, 0 in use');
  });

  it('asks every few seconds where a proxy lets no stream through', async () => {
    const streams = (accept?: string) => accept?.includes('event-stream') ?? false;
    await page.route('**/api/live', (route) =>
      streams(route.request().headers().accept) ? route.abort() : route.continue(),
    );
    await page.reload();
    await expect.poll(() => page.textContent('.flow')).toBe('Asked again every few seconds.');
    await beatA({ warm: 2, wanted: 3, creating: 1 });
    await expect.poll(() => exam().locator('.pool').textContent()).toContain('2 of 3 warm');
    await page.unroute('**/api/live');
    await page.reload();
    await expect.poll(() => page.textContent('.flow')).toBe('Live: changes show as they happen.');
  });
});

describe('the buttons', { sequential: true }, () => {
  it('Prewarm: the four numbers, then how far it has come, until all are warm', async () => {
    await exam().locator('input[name=count]').fill('3');
    await exam().locator('button:has-text("Prewarm")').click();
    await expect.poll(() => exam().locator('.counts dd').allTextContents()).toEqual(['3', '3', '0', '3']);
    await beatA({ warm: 1, wanted: 3, creating: 2 });
    const progress = exam().locator('.prewarm [role=status]');
    await expect.poll(() => progress.textContent()).toBe('Filling: 1 of 3 are warm.');
    expect(await exam().locator('[role=progressbar]').getAttribute('aria-valuenow')).toBe('1');
    await isUsable(page, 'admin-prewarm');
    await beatA({ warm: 3, wanted: 3 });
    await expect.poll(() => progress.textContent()).toBe('All 3 are warm.');
  });
  it('Prewarm with 0: no more are kept warm', async () => {
    await exam().locator('input[name=count]').fill('0');
    await exam().locator('button:has-text("Prewarm")').click();
    const progress = exam().locator('.prewarm [role=status]');
    await expect.poll(() => progress.textContent()).toContain('No more are kept warm');
    await beatA();
    await expect.poll(() => exam().locator('.pool').textContent()).toBe('0 warm, 0 filling, 0 in use');
  });
  it('Drain and Resume, by keyboard alone', async () => {
    const drain = row('Worker a').locator('button').first();
    for (let tabs = 0; tabs < 40 && !(await drain.evaluate((it) => it === document.activeElement)); tabs++)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => row('Worker a').locator('.badge').textContent()).toBe('Draining');
    expect(await drain.evaluate((it) => it === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await expect.poll(() => row('Worker a').locator('.badge').textContent()).toBe('Healthy');
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
    await expect.poll(() => row('Worker a').locator('.badge').textContent()).toBe('Disabled');
    await disable.click();
    await expect.poll(() => row('Worker a').locator('.badge').textContent()).toBe('Healthy');
  });
  it('Watch opens the student’s screen, to look at only, and comes back', async () => {
    const tunnel = new FakeTunnel();
    await tunnel.serve(page);
    await session('an').locator('a').click();
    await expect.poll(() => page.textContent('.bar')).toContain('Connected');
    expect(await page.textContent('.bar')).toContain('Watching only.');
    tunnel.end(0x20b);
    await expect.poll(() => page.textContent('.overlay')).toContain('This session is over.');
    await isUsable(page, 'watch-over');
    await page.click('.bar button');
    await session('an').waitFor();
  });
  it('Reconcile now: the counts, and what was cleaned', async () => {
    workers[0]?.seats.clear();
    app.now = new Date(app.now.getTime() + 21_601_000);
    await beatA();
    await page.click('button:has-text("Reconcile now")');
    const numbers = page.locator('.reconcile .counts dd');
    await expect.poll(() => numbers.allTextContents()).toHaveLength(6);
    expect((await numbers.allTextContents()).slice(0, 2)).toEqual(['1', '1']);
    expect(await page.textContent('.changes')).toContain('an, exam');
    await expect.poll(() => session('an').count()).toBe(0);
    await isUsable(page, 'admin-reconcile');
    await page.click('.reconcile button');
    await expect.poll(() => page.locator('.reconcile').isVisible()).toBe(false);
  });
  it('Release asks, and ends the session', async () => {
    await sitDown();
    await beatA();
    await session('an').locator('a').waitFor();
    // One word that does not break, in each place that names an exam.
    const name = `Algorithms_${'CauTrucDuLieu'.repeat(6)}`;
    await app.call('PATCH', `/api/exams/${examId}`, { token: admin, body: { name } });
    await expect.poll(() => session('an').textContent()).toContain(name);
    await session('an').locator('button').click();
    await isUsable(page, 'admin-release');
    await page.click('dialog button:has-text("Cancel")');
    expect(await session('an').count()).toBe(1);
    await session('an').locator('button').click();
    await page.click('dialog button.danger');
    await page.waitForSelector('dialog', { state: 'detached' });
    await beatA();
    await expect.poll(() => session('an').count()).toBe(0);
    expect(await page.textContent('.panel:last-of-type [role=status]')).toBe('The session of an has ended.');
    expect(workers[0]?.seats.size).toBe(0);
  });
  it('Release ends what one side alone knows of: a desktop without a session, a session without a desktop', async () => {
    const [worker] = workers;
    if (!worker) throw new Error('no worker');
    worker.seats.set(`${examId}:${an.id}`, { ip: '10.1.1.9', containerId: 'c9' });
    await beatA();
    await expect.poll(() => session('an').locator('.badge').textContent()).toBe('Not known here');
    expect(await session('an').locator('a').count()).toBe(0);
    worker.mode = 'hangs';
    await session('an').locator('button').click();
    await page.click('dialog button.danger');
    await expect.poll(() => page.textContent('dialog .wrong')).toContain('The worker does not answer.');
    worker.mode = 'works';
    await page.click('dialog button.danger');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(worker.seats.size).toBe(0);
    await beatA();
    await expect.poll(() => session('an').count()).toBe(0);

    await sitDown();
    worker.seats.clear();
    await beatA();
    await session('an').locator('a').waitFor();
    await session('an').locator('button').click();
    await page.click('dialog button.danger');
    await page.waitForSelector('dialog', { state: 'detached' });
    await expect.poll(() => session('an').count()).toBe(0);
  });
});

describe('an exam', { sequential: true }, () => {
  it('has a page of its own, with a countdown that runs, and is changed and deleted there', async () => {
    await exam().locator('a').click();
    await page.waitForSelector('.exam-page h1:has-text("Algorithms")');
    const left = () => page.textContent('.exam-page .countdown');
    const before = await left();
    expect(before).toMatch(/^Ends in \d+:\d\d:\d\d$/);
    await expect.poll(left).not.toBe(before);
    await isUsable(page, 'exam');
    await page.click('button:has-text("Edit")');
    await page.fill('dialog [name=endTime]', '2001-01-01T00:00');
    await page.click('dialog button:has-text("Save")');
    await expect.poll(() => page.textContent('dialog .wrong')).toContain('The end must be after the start.');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('endTime');
    await isUsable(page, 'exam-edit');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.click('button:has-text("Delete")');
    await page.click('dialog button.danger');
    await page.waitForSelector('.tiles');
    await expect.poll(() => exam().count()).toBe(0);
  });
});

describe('the users', { sequential: true }, () => {
  async function chooseFile(text: string): Promise<void> {
    await page.click('button:has-text("Import CSV")');
    const buffer = Buffer.from(text);
    await page.setInputFiles('dialog input[type=file]', { name: 'class.csv', mimeType: 'text/csv', buffer });
  }

  it('are found, made with a password that is shown once, changed and deleted', async () => {
    await page.click('nav a:has-text("Users")');
    await page.waitForSelector('.users tbody tr');
    await isUsable(page, 'users');
    await page.click('button:has-text("New user")');
    await page.fill('dialog [name=username]', 'binh');
    await page.fill('dialog [name=name]', 'Trần Bình');
    await page.click('dialog button:has-text("Save")');
    await expect.poll(() => page.textContent('dialog .secret')).toMatch(/^\S{8,}$/);
    const password = (await page.textContent('dialog .secret')) ?? '';
    await isUsable(page, 'user-made');
    expect(await app.loginAs('binh', password)).not.toBe('undefined');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.click('dialog button:has-text("Copy")');
    await page.waitForSelector('dialog button:has-text("Copied")');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(password);
    await page.click('dialog button:has-text("Close")');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(await page.content()).not.toContain(password);
    await page.fill('input[name=q]', 'trần');
    const binh = page.locator('.users tbody tr', { hasText: 'binh' });
    await expect.poll(() => page.locator('.users tbody tr').count()).toBe(1);
    await binh.locator('button:has-text("Edit")').click();
    await page.selectOption('dialog [name=role]', 'PROCTOR');
    await page.check('dialog [name=generatePassword]');
    await page.click('dialog button:has-text("Save")');
    await expect.poll(() => page.textContent('dialog .secret')).toMatch(/^\S{8,}$/);
    const next = (await page.textContent('dialog .secret')) ?? '';
    expect([await app.loginAs('binh', password), await app.loginAs('binh', next)]).toEqual([
      'undefined',
      expect.any(String),
    ]);
    await page.keyboard.press('Escape');
    await expect.poll(() => binh.textContent()).toContain('Proctor');
    expect(await page.content()).not.toContain(next);
    await binh.locator('button:has-text("Delete")').click();
    await page.click('dialog button.danger');
    await expect.poll(() => binh.count()).toBe(0);
    await page.fill('input[name=q]', '');
  });

  it('are shown by role, a hundred at a time', async () => {
    const names = Array.from({ length: 110 }, (_, at) => `class-${at}`);
    await Promise.all(names.map((name) => app.addUser(name, 'STUDENT')));
    const rows = page.locator('.users tbody tr');
    await page.selectOption('.filters select', 'STUDENT');
    await expect.poll(() => page.textContent('.filters [role=status]')).toMatch(/^100 of 11\d shown$/);
    await page.click('button:has-text("Show more")');
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(110);
    await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'hidden' });
    await page.selectOption('.filters select', 'ADMIN');
    await expect.poll(() => rows.count()).toBe(1);
    expect(await rows.textContent()).toContain('Administrator');
    await page.selectOption('.filters select', '');
  });

  it('come from a CSV file; each row that is refused is shown with its line', async () => {
    await chooseFile('username,password,name,role\ncuc,Thi-2026-cuc,Lê Cúc,STUDENT\ndung,short,,\n,Thi-2026-x,,\n');
    await page.check('dialog [name=all]');
    await page.click('dialog button:has-text("Import")');
    await expect.poll(() => page.textContent('dialog .wrong')).toContain('Nothing was imported');
    expect(await page.locator('dialog .errors tbody tr').count()).toBe(2);
    await page.uncheck('dialog [name=all]');
    await page.click('dialog button:has-text("Import")');
    await expect.poll(() => page.locator('dialog .counts dd').allTextContents()).toEqual(['3', '1', '0', '0', '2']);
    const lines = await page.locator('dialog .errors tbody th').allTextContents();
    expect(lines).toEqual(['Line 3', 'Line 4']);
    await isUsable(page, 'users-import');
    await page.click('dialog button:has-text("Close")');
    await page.fill('input[name=q]', 'cuc');
    await expect.poll(() => page.locator('.users tbody').textContent()).toContain('Lê Cúc');
    expect(await app.loginAs('cuc', 'Thi-2026-cuc')).not.toBe('undefined');
  });

  it('who are there already are changed by a file only where it is said so', async () => {
    await chooseFile('username,password,name,role\ncuc,Thi-2026-neu,Lê Thị Cúc,PROCTOR\n');
    await page.check('dialog [name=existing]');
    await page.click('dialog button:has-text("Import")');
    await expect.poll(() => page.locator('dialog .counts dd').allTextContents()).toEqual(['1', '0', '1', '0', '0']);
    await page.click('dialog button:has-text("Close")');
    await expect.poll(() => page.locator('.users tbody').textContent()).toContain('Lê Thị Cúc');
  });

  it('are no more when their import is stopped, and what was taken till then is told', async () => {
    const total = async () => (await app.ports.users.list({ limit: 1 })).total;
    const before = await total();
    const rows = Array.from({ length: 200 }, (_, at) => `late-${at},Thi-2026-late`);
    const progress = async () => Number(/^\d+/.exec((await page.textContent('dialog [role=status]')) ?? '')?.[0]);
    for (const all of [true, false]) {
      await chooseFile(`username,password\n${rows.join('\n')}\n`);
      await page.setChecked('dialog [name=all]', all);
      await page.click('dialog button:has-text("Import")');
      // More than the first portion of thirty: real hashes, on a machine that may be busy.
      await expect.poll(progress, { timeout: 60_000 }).toBeGreaterThan(all ? 0 : 30);
      if (all) await page.click('dialog button:has-text("Stop")');
      else await page.keyboard.press('Escape');
      await page.waitForSelector('dialog p:has-text("Stopped.")');
      const told = (await page.textContent('dialog')) ?? '';
      if (all) {
        expect(told).toContain('No row was taken.');
        expect(await total()).toBe(before);
      } else {
        const taken = Number(/At least (\d+) of 200 rows/.exec(told)?.[1]);
        expect(taken).toBeGreaterThanOrEqual(30);
        expect((await total()) - before).toBeGreaterThanOrEqual(taken);
        expect((await total()) - before).toBeLessThan(200);
        await isUsable(page, 'users-import-stopped');
      }
      await page.click('dialog button:has-text("Close")');
      await page.waitForSelector('dialog', { state: 'detached' });
    }
  }, 120_000);
});

it('a proctor sees it all and can change nothing', async () => {
  await app.addUser('hoa', 'PROCTOR');
  const { page: hers, complaints: hersToo } = await openAs(browser, `${app.url}/admin`, 'hoa');
  await hers.waitForSelector('.workers tbody tr');
  expect(await hers.locator('main button').count()).toBe(0);
  expect(await hers.locator('nav a').allTextContents()).toEqual(['Overview']);
  await isUsable(hers, 'proctor');
  await hers.context().close();
  expect(hersToo).toEqual([]);
});

it('everybody changes his own password: asked for twice, refused with words, the old one is none any more', async () => {
  const change = async (current: string, next: string, again = next) => {
    await page.fill('dialog [name=currentPassword]', current);
    await page.fill('dialog [name=newPassword]', next);
    await page.fill('dialog [name=again]', again);
    await page.click('dialog button:has-text("Save")');
  };
  const saysWrong = (words: string) => expect.poll(() => page.textContent('dialog .wrong')).toContain(words);
  await page.click('header button:has-text("Change password")');
  await isUsable(page, 'own-password');
  await change(PASSWORD, 'short');
  await saysWrong('at least 8 characters');
  await change(PASSWORD, 'Another-2026', 'Another-2027');
  await saysWrong('not the same both times');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('again');
  await change('not-the-password', 'Another-2026');
  await saysWrong('The current password is wrong.');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('currentPassword');
  await isUsable(page, 'own-password-wrong');
  await change(PASSWORD, 'Another-2026');
  await page.waitForSelector('dialog p:has-text("Your password is changed.")');
  await page.click('dialog button:has-text("Close")');
  expect([await app.loginAs('admin'), await app.loginAs('admin', 'Another-2026')]).toEqual([
    'undefined',
    expect.any(String),
  ]);
  // This window's login goes on.
  await page.reload();
  await page.waitForSelector('.users tbody tr');
});

it('logs out: what was open is gone, also after a reload', async () => {
  await page.click('header button:has-text("Log out")');
  await page.waitForSelector('#username');
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  await page.reload();
  await page.waitForSelector('#username');
  await page.fill('#username', 'admin');
  await page.fill('#password', 'Another-2026');
  await page.check('#show-password');
  expect(await page.getAttribute('#password', 'type')).toBe('text');
  await page.click('button:has-text("Log in")');
  await page.waitForSelector('.users tbody tr');
});

it('who came to the students’ page is led to the console', async () => {
  await page.goto(app.url);
  await page.waitForSelector('h1:has-text("This page is for students.")');
  await isUsable(page, 'not-student');
  await page.click('button:has-text("Open the console")');
  await page.waitForSelector('.tiles');
});

it('whose login has run out is asked for it again', async () => {
  app.now = new Date(app.now.getTime() + 13 * 3_600_000);
  await page.reload();
  await expect.poll(() => page.textContent('#login-problem')).toContain('Your login has run out.');
  await page.click('.languages button:has-text("VI")');
  expect(await page.textContent('#login-problem')).toContain('Phiên đăng nhập đã hết hạn.');
  await isUsable(page, 'admin-login');
  expect(complaints).toEqual([]);
});
