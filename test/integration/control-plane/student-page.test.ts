import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser } from '../../rig/chromium.ts';
import { startPostgres } from '../../rig/postgres.ts';
import { CLUSTER_TOKEN, type Console, PASSWORD, startConsole } from './console.ts';
import { type FakeWorker, startFakeWorker } from './fake-worker.ts';
import { FakeTunnel, isUsable, NARROW, openAs, PATIENT } from './pages.ts';

// Codes of the Guacamole protocol, as the tunnel closes with them.
const TAKEN = 0x209;
const ELSEWHERE = 0x205;
const OVER = 0x20b;
const NOT_YOURS = 0x303;

let stopPostgres: () => Promise<void>;
let app: Console;
let admin: string;
let a: FakeWorker;
let b: FakeWorker;
let examId: number;
let browser: Browser;
let page: Page;
let complaints: string[];
let tunnel: FakeTunnel;
let students = 0;

const beat = (code: 'a' | 'b', slots = 4) =>
  app.beat({ code, url: (code === 'a' ? a : b).url, slots, metadata: { publicPort: 3000 } });

async function makeExam(fromNowSec: number, lastsSec: number, name = 'Algorithms'): Promise<number> {
  const start = Date.now() + fromNowSec * 1000;
  const { body } = await app.call('POST', '/api/exams', {
    token: admin,
    body: {
      name,
      accessCode: 'ALGO',
      startTime: new Date(start).toISOString(),
      endTime: new Date(start + lastsSec * 1000).toISOString(),
    },
  });
  return body.id;
}

async function start(accessCode = 'ALGO', exam = 'Algorithms'): Promise<void> {
  const card = page.locator('.exam', { hasText: exam });
  await card.locator('input[name=accessCode]').fill(accessCode);
  await card.locator('button:has-text("Start")').click();
}

/** Else what the page says instead, for whoever reads the failure. */
async function isAtDesktop(): Promise<void> {
  const shown = async () =>
    (await page.locator('.bar-state').count()) > 0 ? page.textContent('.bar-state') : page.textContent('main');
  await expect.poll(shown).toBe('Connected');
}

/** As when the network comes back: a wait is over at once. */
const asksNow = () => page.evaluate(() => dispatchEvent(new Event('online')));

/** What is hidden is not said. */
const says = (text: string) =>
  expect.poll(() => page.getByText(text).filter({ visible: true }).count()).toBeGreaterThan(0);

beforeAll(async () => {
  const postgres = await startPostgres('student-page');
  stopPostgres = postgres.stop;
  app = await startConsole(postgres.address, PATIENT);
  admin = await app.loginAs('admin');
  a = await startFakeWorker(CLUSTER_TOKEN, 4, 1);
  b = await startFakeWorker(CLUSTER_TOKEN, 4, 2);
  await beat('a');
  examId = await makeExam(-60, 3600);
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await app?.[Symbol.asyncDispose]();
  await a?.stop();
  await b?.stop();
  await stopPostgres?.();
});

beforeEach(async () => {
  app.now = new Date();
  await beat('a'); // by this clock it has just told: the file takes as long as a worker may be silent
  a.mode = 'works';
  const name = `s${++students}`;
  await app.addUser(name, 'STUDENT');
  ({ page, complaints } = await openAs(browser, app.url, name));
  tunnel = new FakeTunnel();
  await tunnel.serve(page);
  await page.waitForSelector('.exam');
});
afterEach(async () => {
  await page.context().close();
  await Promise.all((await app.ports.dispatches.scan(0, 1000)).map((row) => app.ports.dispatches.drop(row)));
  a.seats.clear();
  expect(complaints).toEqual([]);
});

describe('the list of exams', () => {
  it('can be used by everybody, and says why a code does not do', async () => {
    await isUsable(page, 'student-exams');
    await start('WRONG');
    await says('This access code is not right. Ask your proctor for it.');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('accessCode');
    await isUsable(page, 'student-wrong-code');
    await page.goto(`${app.url}/admin`);
    await page.waitForSelector('h1:has-text("This page is for administrators and proctors.")');
    await isUsable(page, 'not-staff');
    await page.click('button:has-text("Open the students’ page")');
    await page.waitForSelector('.exam');
  });
  it('leads the one who logs in next to his own exams, not to that for which this one waited', async () => {
    a.mode = 'full';
    await start();
    await says('No desktop is free');
    await page.click('header button:has-text("Log out")');
    await page.fill('#username', 's1');
    await page.fill('#password', PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.exam');
    await page.setViewportSize(NARROW);
    await page.click('header button:has-text("Change password")');
    await page.fill('dialog [name=currentPassword]', PASSWORD);
    await page.fill('dialog [name=newPassword]', 'Của riêng tôi 1');
    await page.fill('dialog [name=again]', 'Của riêng tôi 1');
    await isUsable(page, 'student-password');
    await page.keyboard.press('Enter');
    await says('Your password is changed.');
    await page.click('dialog button:has-text("Close")');
    expect(await app.loginAs('s1', 'Của riêng tôi 1')).not.toBe('undefined');
  });
  it('counts down to an exam and opens it by itself when its time has come, though the server be away; mends itself', async () => {
    const { body: exams } = await app.call('GET', '/api/exams', { token: admin });
    let isAway = false;
    await page.route('**/api/exams', (route) => {
      if (isAway) return route.abort();
      isAway = true;
      // By the clock of the moment in which the page gets it: a busy machine takes its time until then.
      const start = new Date(Date.now() + 5_000).toISOString();
      return route.fulfill({ json: [{ ...exams[0], id: 99, name: 'Soon', startTime: start }, ...exams] });
    });
    await page.reload();
    const card = page.locator('.exam', { hasText: 'Soon' });
    await expect.poll(() => card.locator('.badge').textContent()).toMatch(/^Starts in 00:/);
    expect(await card.locator('form').isVisible()).toBe(false);
    await expect.poll(() => card.locator('.badge').textContent()).toBe('Open now');
    expect(await card.locator('form').isVisible()).toBe(true);
    // The server told it first; it stood below those that were open, and stays there.
    expect(await page.locator('.exam h2').last().textContent()).toBe('Soon');
    await says('The server cannot be reached. This list may be old');
    await isUsable(page, 'student-list-old');
    await page.unroute('**/api/exams');
    await expect.poll(() => page.locator('.banner:visible').count()).toBe(0);
  });
  it('says so when the exam turns out to be not started yet, over, or closed', async () => {
    const hour = 3_600_000;
    const from = (hours: number) => new Date(Date.now() + hours * hour).toISOString();
    const change = (body: object) => app.call('PATCH', `/api/exams/${examId}`, { token: admin, body });
    // The list that the student has was read before.
    const { body: before } = await app.call('GET', '/api/exams', { token: admin });
    let hasAsked = false;
    page.on('request', (request) => {
      hasAsked ||= request.url().endsWith('/join');
    });
    await page.route('**/api/exams', (route) => (hasAsked ? route.continue() : route.fulfill({ json: before })));
    const turnsOut = async (body: object, words: string) => {
      hasAsked = false;
      await page.reload();
      await page.waitForSelector('.exam');
      await change(body);
      await start();
      await says(words);
      expect(await page.locator('.wrong', { hasText: words }).isVisible()).toBe(true);
    };
    try {
      await turnsOut({ startTime: from(1), endTime: from(2) }, 'This exam has not started yet. It starts');
      await turnsOut({ startTime: from(-2), endTime: from(-1) }, 'This exam is over. It ended');
      await change({ startTime: from(-1), endTime: from(1) });
      // It is in the list no more then; the reason must not get lost with it.
      hasAsked = false;
      await page.reload();
      await page.waitForSelector('.exam');
      await change({ isActive: false });
      await start();
      await says('This exam is closed.');
      await isUsable(page, 'student-closed');
    } finally {
      await change({ startTime: from(-1), endTime: from(1), isActive: true });
    }
  });
});

describe('waiting', () => {
  it('says that no desktop is free, how long already and which try; gives up when told, else opens one', async () => {
    a.mode = 'full';
    await start();
    await says('No desktop is free at this moment.');
    await asksNow();
    await expect.poll(() => page.textContent('main')).toMatch(/Waiting for 00:\d\d · try 2/);
    await isUsable(page, 'student-waiting');
    await page.click('button:has-text("Cancel")');
    await page.waitForSelector('.exam');
    await start();
    await says('No desktop is free');
    a.mode = 'works';
    await asksNow();
    await isAtDesktop();
  });
  it('says that the worker does not answer, and that the work is kept', async () => {
    await start();
    await isAtDesktop();
    a.mode = 'hangs';
    await page.reload();
    await says('Your desktop does not answer right now. Your work on it is kept');
    await isUsable(page, 'student-worker-down');
    a.mode = 'works';
    await asksNow();
    await isAtDesktop();
  });
  it('says when the desktop lets nobody in, and what to do', async () => {
    tunnel.refusesWith = NOT_YOURS;
    await start();
    await page.waitForSelector('h1:has-text("The desktop did not let you in")');
    await isUsable(page, 'student-refused');
    tunnel.refusesWith = undefined;
    await page.click('button:has-text("Try again")');
    await isAtDesktop();
  });
});

describe('at the desktop', () => {
  beforeEach(async () => {
    await start();
    await isAtDesktop();
  });

  it('has the whole window, in its size', async () => {
    await isUsable(page, 'student-desktop');
    await page.setViewportSize({ width: 900, height: 600 });
    await expect.poll(() => tunnel.sent.join('')).toContain('4.size,3.900,3.552;');
  });
  it('comes back by itself after a lost connection, and at once when told', async () => {
    const before = tunnel.opened;
    tunnel.cut();
    await expect.poll(() => tunnel.opened).toBeGreaterThan(before);
    await isAtDesktop();
    await page.route('**/join', (route) => route.abort());
    tunnel.cut();
    await says('Connection lost');
    await isUsable(page, 'student-lost');
    await expect.poll(() => page.textContent('.overlay')).toMatch(/Next try in \d+ s/);
    await page.unroute('**/join');
    await page.click('button:has-text("Try now")');
    await isAtDesktop();
  });
  it('opened in another window is told, and can be taken back', async () => {
    tunnel.end(TAKEN);
    await page.waitForSelector('h1:has-text("Your desktop is open in another window")');
    await isUsable(page, 'student-taken');
    await page.click('button:has-text("Use it here")');
    await isAtDesktop();
    tunnel.end(ELSEWHERE);
    await says('Close it there, then try again here.');
    await page.click('button:has-text("Try again")');
    await isAtDesktop();
  });
  it('released by an admin is told to be over', async () => {
    tunnel.end(OVER);
    await page.waitForSelector('h1:has-text("This session is over")');
    await isUsable(page, 'student-over');
    await page.click('button:has-text("Back to the exams")');
    await page.waitForSelector('.exam');
  });
  it('moved to another worker, is told that the files could not follow', async () => {
    app.now = new Date(app.now.getTime() + 121_000);
    await a.stop();
    await beat('b');
    await page.reload();
    await isAtDesktop();
    await says('files on the old one could not come along');
    await isUsable(page, 'student-moved');
    await page.click('.note button');
    expect(await page.locator('.note').count()).toBe(0);
    a = await startFakeWorker(CLUSTER_TOKEN, 4, 1);
    app.now = new Date();
    await beat('a');
  });
  it('is told when the time is over, and hands in from there', async () => {
    // Over for the page, whose clock runs; the server's stands still, and lets him in.
    const body = { endTime: new Date(app.now.getTime() + 1).toISOString() };
    await app.call('PATCH', `/api/exams/${examId}`, { token: admin, body });
    tunnel.cut();
    await page.reload();
    await says('The time is over. Hand in now.');
    await isUsable(page, 'student-time-over');
    await page.click('.note button:has-text("Hand in")');
    await page.click('dialog button.danger');
    await page.waitForSelector('h1:has-text("You have handed in")');
    const later = { endTime: new Date(Date.now() + 3_600_000).toISOString() };
    await app.call('PATCH', `/api/exams/${examId}`, { token: admin, body: later });
  });
  it('hands in after a question; what goes wrong is told there and can be tried again', async () => {
    await page.click('#hand-in');
    expect(await page.textContent('dialog')).toContain('cannot be opened again');
    await isUsable(page, 'student-hand-in');
    await page.click('dialog button:has-text("Go on working")');
    expect(a.seats.size).toBe(1);
    await page.route('**/finish', (route) => route.abort());
    await page.click('#hand-in');
    await page.click('dialog button.danger');
    await expect.poll(() => page.textContent('dialog .wrong')).toContain('Handing in did not get through');
    await page.unroute('**/finish');
    await page.click('dialog button.danger');
    await page.waitForSelector('h1:has-text("You have handed in")');
    await isUsable(page, 'student-handed-in');
    expect(a.seats.size).toBe(0);
    await page.click('button:has-text("Back to the exams")');
    await page.waitForSelector('.exam');
  });
});
