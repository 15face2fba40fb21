import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encode, type Instruction } from '../../src/tunnel/instruction.ts';
import { openBrowser } from '../rig/chromium.ts';
import { openPage, shoot } from './browser.ts';

let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await openBrowser();
  ({ page, complaints } = await openPage(browser, '/play'));
});
afterAll(async () => {
  await browser?.close();
});

/** Four seconds of a screen that is red, then blue. */
function recording(): Buffer {
  const frame = (ms: number, red: number, blue: number): Instruction[] => [
    ['rect', '0', '0', '0', '640', '480'],
    ['cfill', '14', '0', String(red), '0', String(blue), '255'],
    ['sync', String(1_000_000 + ms)],
  ];
  const said: Instruction[] = [['size', '0', '640', '480']];
  for (let ms = 0; ms <= 4_000; ms += 200) said.push(...frame(ms, ms < 2_000 ? 255 : 0, ms < 2_000 ? 0 : 255));
  return Buffer.from(said.map(encode).join(''));
}

const choose = (name: string, buffer: Buffer) =>
  page.setInputFiles('#recording', { name, mimeType: 'application/octet-stream', buffer });

/** Colour in the middle of the screen, as red and blue. */
const colour = () =>
  page.evaluate(() => {
    const canvas = [...document.querySelectorAll<HTMLCanvasElement>('#stage canvas')].find(({ width }) => width >= 640);
    const [red, , blue] = canvas?.getContext('2d')?.getImageData(320, 240, 1, 1).data ?? [];
    return [red, blue];
  });

it('a file that is no recording is refused with words', async () => {
  await choose('notes.guac', Buffer.from('not a recording at all'));
  await expect.poll(() => page.textContent('.wrong')).toBe('This file is no recording, or it is damaged.');
});

it('a recording plays from its beginning to its end, and is wound by its slider', async () => {
  await choose('exam_7_u42_20261123T100000000Z_abcdef012345.guac', recording());
  await expect.poll(colour).toEqual([255, 0]);
  await expect.poll(colour, { timeout: 10_000 }).toEqual([0, 255]);
  await expect.poll(() => page.textContent('.bar .left'), { timeout: 10_000 }).toContain('/ 00:04');
  await shoot(page, 'play');
  await page.locator('.position').fill('400');
  await expect.poll(colour, { timeout: 10_000 }).toEqual([255, 0]);
  await page.click('.bar button:has-text("Close")');
  await page.waitForSelector('#recording');
  expect(complaints).toEqual([]);
});
