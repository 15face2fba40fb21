import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser } from '../rig/chromium.ts';
import { asAdmin } from './api.ts';
import { joinSample, logIn, openPage, shoot, target } from './browser.ts';
import { paintedHeader } from './painted.ts';

let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
});
beforeEach(async () => {
  ({ page, complaints } = await openPage(browser, '/'));
  await logIn(page, 'student', target.studentPassword);
  await page.waitForSelector('.exam');
});
afterEach(async () => {
  await page.context().close();
});

const workers = () => asAdmin<{ code: string }[]>('GET', '/vdi/workers');

async function drainAll(isDraining: boolean): Promise<void> {
  for (const { code } of await workers()) await asAdmin('PATCH', `/vdi/workers/${code}`, { isDraining });
}

async function handIn(): Promise<void> {
  await page.click('#hand-in');
  await page.click('dialog button.danger');
  await page.waitForSelector('h1:has-text("You have handed in")');
}

describe('waiting', () => {
  it('says that no desktop is free, keeps asking, and opens one as soon as there is one', async () => {
    await drainAll(true);
    try {
      await joinSample(page);
      await expect.poll(() => page.textContent('main')).toContain('No desktop is free at this moment.');
      await expect.poll(() => page.textContent('main'), { timeout: 10_000 }).toContain('try 2');
      await shoot(page, 'no-free-desktop');
    } finally {
      await drainAll(false);
    }
    await paintedHeader(page);
    await handIn();
    expect(complaints).toEqual([]);
  });
  it('can be given up', async () => {
    await drainAll(true);
    try {
      await joinSample(page);
      await expect.poll(() => page.textContent('main')).toContain('No desktop is free');
      await page.click('main button:has-text("Cancel")');
      await page.waitForSelector('.exam');
    } finally {
      await drainAll(false);
    }
  });
});

describe('the network', () => {
  it('to the server is gone: the page says so and goes on when it is back', async () => {
    await page.context().setOffline(true);
    await joinSample(page);
    await expect.poll(() => page.textContent('main')).toContain('There is no connection to the server.');
    await shoot(page, 'offline');
    await page.context().setOffline(false);
    await paintedHeader(page);
    await handIn();
  });
});

describe('a second window', () => {
  it('takes the desktop over; the first is told, and can take it back', async () => {
    await joinSample(page);
    await paintedHeader(page);
    const other = await openPage(browser, '/');
    await logIn(other.page, 'student', target.studentPassword);
    await other.page.waitForSelector('.exam');
    await joinSample(other.page);
    await paintedHeader(other.page);
    await page.waitForSelector('h1:has-text("open in another window")', { timeout: 20_000 });
    await shoot(page, 'taken-over');
    await page.click('button:has-text("Use it here")');
    await paintedHeader(page);
    await other.page.waitForSelector('h1:has-text("open in another window")', { timeout: 20_000 });
    await handIn();
    await other.page.context().close();
  });
});

describe('a phone', () => {
  it('shows the desktop whole, in its own shape', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await joinSample(page);
    await paintedHeader(page);
    await shoot(page, 'student-390');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await handIn();
    await shoot(page, 'handed-in-390');
  });
});

describe('a page of which a part got lost on the way', () => {
  it('loads itself again instead of staying blank', async () => {
    let lost = 0;
    await page.route('**/assets/sitting.js', (route) => (lost++ === 0 ? route.abort() : route.continue()));
    await page.reload({ waitUntil: 'commit' });
    await page.waitForSelector('.exam', { timeout: 15_000 });
    expect(lost).toBe(2);
  });
});

describe('the exam list', () => {
  it('shows when an exam begins, and no way in before', async () => {
    const start = new Date(Date.now() + 3_600_000);
    const exam = await asAdmin<{ id: number }>('POST', '/exams', {
      name: 'Later',
      accessCode: 'LATER',
      startTime: start.toISOString(),
      endTime: new Date(start.getTime() + 3_600_000).toISOString(),
    });
    try {
      const card = page.locator('.exam', { hasText: 'Later' });
      await expect.poll(() => card.locator('.badge').textContent(), { timeout: 15_000 }).toMatch(/^Starts in 59:/);
      expect(await card.locator('form').isVisible()).toBe(false);
    } finally {
      await asAdmin('DELETE', `/exams/${exam.id}`);
    }
  });
  it('asks for the login again when it has run out', async () => {
    await page.evaluate(() => {
      const login = JSON.parse(sessionStorage.getItem('vdi.login') ?? '{}');
      sessionStorage.setItem('vdi.login', JSON.stringify({ ...login, token: 'run.out.now' }));
    });
    await expect.poll(() => page.textContent('main'), { timeout: 15_000 }).toContain('Your login has run out.');
    await shoot(page, 'login-ran-out');
  });
});
