import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../rig/chromium.ts';
import { joinSample, logIn, openPage, shoot, target } from './browser.ts';
import { desktops, received } from './engine.ts';
import { answerBox, clickInto, paintedHeader } from './painted.ts';

let browser: Browser;
let page: Page;
let complaints: string[];
const signs = ' Xin chao! 1+1=2? {a[0]}|~#';
const first = `I built a robot that follows a line. (${randomBytes(3).toString('hex')})`;

beforeAll(async () => {
  browser = await openBrowser();
  ({ page, complaints } = await openPage(browser, '/'));
});
afterAll(async () => {
  await browser?.close();
});

const typed = () => received().typed.map(({ text }) => text);

// One student's way through an exam; each step stands on the one before.
describe('a student', { sequential: true }, () => {
  it('is told when the password is wrong, in words', async () => {
    await logIn(page, 'student', 'not-the-password');
    await expect.poll(() => page.textContent('#login-problem')).toBe('The user name or the password is wrong.');
    await shoot(page, 'wrong-password');
  });

  it('logs in and sees the exam', async () => {
    await logIn(page, 'student', target.studentPassword);
    await page.waitForSelector('.exam h2:has-text("Sample exam")');
    expect(await page.textContent('.exam .badge')).toBe('Open now');
    await shoot(page, 'exams');
  });

  it('is told when the access code is wrong, and can mend it', async () => {
    await joinSample(page, 'SAMPLES');
    const wrong = page.locator('.exam .wrong');
    await expect.poll(() => wrong.textContent()).toContain('This access code is not right.');
    expect(await page.inputValue('.exam input[name=accessCode]')).toBe('SAMPLES');
    await shoot(page, 'wrong-access-code');
  });

  it('joins, and the exam page is painted in the desktop', async () => {
    await joinSample(page);
    await page.waitForSelector('.desktop');
    await paintedHeader(page);
    expect(await page.textContent('.bar .exam-name')).toBe('Sample exam');
    await shoot(page, 'student-desktop');
  });

  it('clicks into the page and types; the text reaches the exam site’s server', async () => {
    const { x, y } = answerBox(await paintedHeader(page));
    await clickInto(page, { x, y });
    await page.keyboard.type(first, { delay: 30 });
    await expect.poll(typed, { timeout: 20_000 }).toContain(first);
    await shoot(page, 'student-typed');
  });

  it('types capitals, signs and corrections like everybody else', async () => {
    await page.keyboard.type(' Xin chao! 1+1=2? {a[0]}|~#X', { delay: 30 });
    await page.keyboard.press('Backspace');
    await expect.poll(typed, { timeout: 20_000 }).toContain(`${first}${signs}`);
  });

  it('reloads and is back at the same desktop, with everything on it', async () => {
    const before = desktops();
    await page.reload();
    await page.waitForSelector('.desktop');
    await paintedHeader(page);
    await page.keyboard.type(' again', { delay: 30 });
    await expect.poll(typed, { timeout: 20_000 }).toContain(`${first}${signs} again`);
    expect(desktops().filter((name) => name.includes('_u'))).toEqual(before.filter((name) => name.includes('_u')));
  });

  it('saves the answer on the exam page by keyboard', async () => {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const saved = () => received().answers.map(({ text }) => text);
    await expect.poll(saved, { timeout: 20_000 }).toContain(`${first}${signs} again`);
  });

  it('gets a desktop of another size when the window changes', async () => {
    await page.setViewportSize({ width: 1000, height: 700 });
    await paintedHeader(page);
    expect(await page.evaluate(() => document.querySelector('#stage')?.firstElementChild?.clientWidth)).toBe(1000);
    await shoot(page, 'student-smaller');
  });

  it('thinks again before handing in, then hands in; the desktop is gone', async () => {
    await page.click('#hand-in');
    await page.waitForSelector('dialog[open]');
    await shoot(page, 'hand-in');
    await page.click('dialog button.quiet');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(desktops().some((name) => name.includes('_u'))).toBe(true);

    await page.click('#hand-in');
    await page.click('dialog button.danger');
    await page.waitForSelector('h1:has-text("You have handed in")');
    await shoot(page, 'handed-in');
    await expect.poll(() => desktops().filter((name) => name.includes('_u')), { timeout: 20_000 }).toEqual([]);
  });

  it('has seen no fault of the page itself', () => {
    expect(complaints).toEqual([]);
  });
});
