import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page, WebSocketRoute } from 'playwright-core';
import { expect } from 'vitest';
import { encode } from '../../../src/tunnel/instruction.ts';
import { PASSWORD } from './console.ts';

const OUTPUT = fileURLToPath(new URL('../../../test-results/pages/', import.meta.url));
/** Workers have time to answer on a busy machine, too. */
export const PATIENT = { CLUSTER_API_TIMEOUT_MS: '3000' };
export const WIDE = { width: 1280, height: 800 };
export const NARROW = { width: 390, height: 844 };

/** A page of a person of its own, logged in. What the page complains of is a failure of the test's. */
export async function openAs(
  browser: Browser,
  url: string,
  username: string,
  viewport = WIDE,
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ viewport, locale: 'en-US' });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => {
    // A request that was lost when an interface of this machine came or went; boot.ts mends that.
    if (!error.message.startsWith('Failed to fetch dynamically imported module')) complaints.push(error.message);
  });
  page.on('console', (message) => {
    // The browser itself reports each 4xx and each lost connection; those are asserted where they belong.
    if (message.type() === 'error' && !/^Failed to load resource|^WebSocket connection/.test(message.text()))
      complaints.push(message.text());
  });
  await page.goto(url);
  await page.fill('#username', username);
  await page.fill('#password', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#password', { state: 'detached' });
  return { page, complaints };
}

/**
 * What anybody must be able to use: by a screen reader (axe finds nothing serious), on a phone (nothing stands out to the
 * side), in both languages. Leaves the page as it was, and its picture at both widths.
 */
export async function isUsable(page: Page, name: string): Promise<void> {
  const before = page.viewportSize() ?? WIDE;
  for (const language of ['VI', 'EN']) {
    // A dialog or the desktop stands over the switch; then the language is what it is.
    const chooser = page.locator(`.languages button:text-is("${language}")`);
    const isFree = (await chooser.isVisible()) && (await page.locator('dialog[open]').count()) === 0;
    if (!isFree && language === 'VI') continue;
    if (isFree) await chooser.click();
    for (const size of [NARROW, WIDE]) {
      await page.setViewportSize(size);
      expect([name, language, size.width, await overflow(page)]).toEqual([name, language, size.width, 0]);
      await shoot(page, `${name}-${size.width}${language === 'VI' ? '-vi' : ''}`);
    }
  }
  expect(await seriousFaults(page), name).toEqual([]);
  await page.setViewportSize(before);
}

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Pictures for eyes, where somebody wants to look: PAGE_PICTURES=1. */
async function shoot(page: Page, name: string): Promise<void> {
  if (!process.env.PAGE_PICTURES) return;
  mkdirSync(OUTPUT, { recursive: true });
  await page.screenshot({ path: `${OUTPUT}${name}.png`, fullPage: true });
}

async function seriousFaults(page: Page): Promise<string[]> {
  // Not by a script element: the page's own policy lets none in.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe puts itself there
    const found = await (window as any).axe.run(document, { resultTypes: ['violations'] });
    return found.violations
      .filter(({ impact }: { impact: string }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }: { id: string; nodes: { html: string }[] }) => `${id}: ${nodes.map(({ html }) => html)}`);
  });
}

/** A worker's tunnel for the page to open: paints an empty desktop, and does what a test says. */
export class FakeTunnel {
  /** What the browser has sent to the desktop. */
  readonly sent: string[] = [];
  opened = 0;
  /** Refuses with this code of the Guacamole protocol instead of opening. */
  refusesWith: number | undefined;
  #socket: WebSocketRoute | undefined;
  #stopFrames: () => void = () => undefined;

  async serve(page: Page): Promise<void> {
    await page.routeWebSocket(/\/guaclite/, (socket) => {
      this.opened++;
      this.#socket = socket;
      if (this.refusesWith !== undefined) return this.end(this.refusesWith);
      socket.onMessage((message) => void this.sent.push(String(message)));
      socket.send(`0.,4.mock;${encode(['size', '0', '1024', '768'])}${encode(['sync', '1'])}`);
      let frame = 1;
      const frames = setInterval(() => socket.send(encode(['sync', String(++frame)])), 400);
      socket.onClose(() => clearInterval(frames));
      this.#stopFrames = () => clearInterval(frames);
    });
  }

  /** Ends it as the worker does, with a code of the protocol. */
  end(code: number): void {
    this.#stopFrames();
    void this.#socket?.close({ code: 1011, reason: String(code) });
  }

  /** As a network that is gone. */
  cut(): void {
    this.#stopFrames();
    void this.#socket?.close({ code: 3001 });
  }
}
