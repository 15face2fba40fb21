import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../rig/chromium.ts';
import { joinSample, logIn, openPage, shoot, target } from './browser.ts';
import { received } from './engine.ts';
import { answerBox, clickInto, type Header, paintedHeader } from './painted.ts';

let browser: Browser;
let student: Page;
let proctor: Page;
let complaints: string[];
let header: Header;
const answer = 'Somebody looks over my shoulder.';

beforeAll(async () => {
  browser = await openBrowser();
  ({ page: student } = await openPage(browser, '/'));
  ({ page: proctor, complaints } = await openPage(browser, '/admin'));
  await logIn(student, 'student', target.studentPassword);
  await student.waitForSelector('.exam');
  await joinSample(student);
  header = await paintedHeader(student);
});
afterAll(async () => {
  await browser?.close();
});

/** Dark points in the answer's text area, as this page has it painted: what is written there. */
const ink = (page: Page): Promise<number> =>
  page.evaluate(([x, y]) => {
    const canvas = [...document.querySelectorAll<HTMLCanvasElement>('#stage canvas')].find(({ width }) => width > 600);
    const { data } = canvas?.getContext('2d')?.getImageData(x - 300, y - 60, 600, 120) ?? { data: [] };
    let dark = 0;
    for (let at = 0; at < data.length; at += 4)
      if ((data[at] ?? 255) + (data[at + 1] ?? 255) + (data[at + 2] ?? 255) < 240) dark++;
    return dark;
  }, answerPoint());
const answerPoint = (): [number, number] => {
  const { x, y } = answerBox(header);
  return [Math.round(x), Math.round(y - 48)];
};
const typed = () => received().typed.map(({ text }) => text);

describe('a proctor', { sequential: true }, () => {
  it('finds the student at work in the console and opens his screen', async () => {
    await logIn(proctor, 'admin', target.adminPassword);
    const row = proctor.locator('.sessions tbody tr', { hasText: 'student' });
    await row.waitFor({ timeout: 15_000 });
    expect(await row.textContent()).toContain('Sample exam');
    await row.scrollIntoViewIfNeeded();
    await shoot(proctor, 'sessions');
    await row.locator('a').click();
    await paintedHeader(proctor);
    expect(await proctor.textContent('.bar')).toContain('Watching only.');
  });

  it('sees what the student types while he types it', async () => {
    const { x, y } = answerBox(header);
    await clickInto(student, { x, y });
    const before = await ink(proctor);
    await student.keyboard.type(answer, { delay: 30 });
    await expect.poll(typed, { timeout: 20_000 }).toContain(answer);
    const written = await ink(student);
    expect(written).toBeGreaterThan(before + 100);
    await expect.poll(() => ink(proctor), { timeout: 10_000 }).toBeGreaterThan(before + (written - before) * 0.8);
    await shoot(proctor, 'watch');
  });

  it('cannot type, click or resize; the student works on in his own window’s size', async () => {
    const before = typed();
    const { x, y } = answerBox(header);
    await proctor.mouse.click(x, y);
    await proctor.keyboard.type('not me', { delay: 30 });
    await proctor.setViewportSize({ width: 900, height: 600 });
    await student.keyboard.type(' Still mine.', { delay: 30 });
    await expect.poll(typed, { timeout: 20_000 }).toContain(`${answer} Still mine.`);
    expect(typed().filter((text) => text.includes('not me') && !before.includes(text))).toEqual([]);
    await paintedHeader(student);
    await shoot(proctor, 'watch-smaller');
    const width = () => proctor.evaluate(() => document.querySelector('#stage')?.firstElementChild?.clientWidth);
    expect(await width()).toBeLessThanOrEqual(900);
  });

  // Only the worker that these tests bring up has a clipboard and recordings; one that runs has its own settings.
  it.skipIf(target.project !== 'vdi-worker-e2e')(
    'the student is told that he is recorded, and can paste and copy',
    async () => {
      expect(await student.textContent('.bar')).toContain('Your screen is recorded');
      await student.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await student.evaluate(() => navigator.clipboard.writeText(' Dán từ máy tôi.'));
      await student.keyboard.press('Control+v');
      await expect.poll(typed, { timeout: 20_000 }).toContain(`${answer} Still mine. Dán từ máy tôi.`);
      await student.keyboard.press('Control+a');
      await student.keyboard.press('Control+c');
      const clipboard = () => student.evaluate(() => navigator.clipboard.readText());
      await expect.poll(clipboard, { timeout: 10_000 }).toBe(`${answer} Still mine. Dán từ máy tôi.`);
    },
  );

  it('loads his page again and is back at the same screen', async () => {
    await proctor.setViewportSize({ width: 1280, height: 800 });
    await proctor.reload();
    await paintedHeader(proctor);
    expect(await proctor.textContent('.bar .exam-name')).toContain('student');
  });

  it('is told when the student has handed in, and goes back to the console', async () => {
    await student.click('#hand-in');
    await student.click('dialog button.danger');
    await student.waitForSelector('h1:has-text("You have handed in")');
    await expect.poll(() => proctor.textContent('.overlay'), { timeout: 20_000 }).toContain('This session is over.');
    await shoot(proctor, 'watch-over');
    await proctor.click('.bar button');
    await expect
      .poll(() => proctor.textContent('.panel:last-child'), { timeout: 15_000 })
      .toContain('Nobody is at a desktop now.');
    expect(complaints).toEqual([]);
  });
});
