import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { targetOf } from './target.ts';

const OUTPUT = fileURLToPath(new URL('output/', import.meta.url));
export const target = targetOf(process.env);

/** A page of a person of its own. What the page complains of is a failure of the test's, collected in `complaints`. */
export async function openPage(
  browser: Browser,
  path: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US', ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The browser itself reports each 4xx; those are asserted where they belong.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  await page.goto(`${target.consoleUrl}${path}`);
  return { page, complaints };
}

export async function logIn(page: Page, username: string, password: string): Promise<void> {
  await page.fill('#username', username);
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
}

export async function joinSample(page: Page, accessCode = 'SAMPLE'): Promise<void> {
  const exam = page.locator('.exam', { hasText: 'Sample exam' });
  await exam.locator('input[name=accessCode]').fill(accessCode);
  await exam.locator('button.primary').click();
}

export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(OUTPUT, { recursive: true });
  await page.screenshot({ path: `${OUTPUT}${name}.png` });
}
