import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser } from '../rig/chromium.ts';
import { type LibraryVersion, libraryModule } from '../rig/guacamole.ts';
import { Line } from '../rig/line.ts';
import { joinSample, logIn, openPage, shoot, target } from './browser.ts';
import { desktops, typedNow } from './engine.ts';
import { answerBox, clickInto, paintedHeader } from './painted.ts';

const CUT_EVERY_MS = 3_000;
const CUTS = 6;
const LATE_MS = 30_000;

let browser: Browser;
let page: Page;
let pages: Line;
let worker: Line;
let ip: string;
let finish: string;
let joins: number;
let passes: Set<string>;
let tunnels: number;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
});

/** All of the page's connections break at once; new ones are taken again. */
async function cut(): Promise<void> {
  for (const line of [pages, worker]) {
    await line.cut();
    await line.mend();
  }
}

/** What stands in the exam page's answer, as the exam site has heard last. */
const text = async (): Promise<string> => (await typedNow()).find(({ from }) => from.endsWith(ip))?.text ?? '';
const state = () => page.locator('.bar-state').textContent();
const mine = () => desktops().filter((name) => name.includes('_u'));

/** The page has lost the desktop and shows it again. */
async function comesBack(earlier: number): Promise<void> {
  await expect.poll(() => tunnels, { timeout: LATE_MS }).toBeGreaterThan(earlier);
  await expect.poll(state, { timeout: LATE_MS }).toBe('Connected');
}

// A student's page by way of lines that the test can cut: to the console, and to the worker that its join names.
async function sitDown(version: LibraryVersion): Promise<void> {
  const { hostname: host, port } = new URL(target.consoleUrl);
  pages = await new Line({ host, port: Number(port) }).mend();
  worker = new Line({ host, port: 0 });
  [joins, tunnels, passes] = [0, 0, new Set()];
  ({ page } = await openPage(browser, '/'));
  if (version === '1.6')
    await page.route('**/assets/guacamole-common.js', (route) =>
      route.fulfill({ contentType: 'text/javascript', body: libraryModule(version) }),
    );
  await page.route(/\/join$/, async (route) => {
    if (joins > 0) return route.abort();
    const response = await route.fetch();
    // He may have to wait for a desktop first.
    if (!response.ok()) return route.fulfill({ response });
    joins++;
    finish = `${target.consoleUrl}${new URL(response.url()).pathname.replace(/join$/, 'finish')}`;
    const joined = await response.json();
    const tunnel = new URL(joined.tunnelUrl);
    await worker.mend({ host: tunnel.hostname, port: Number(tunnel.port) });
    ip = joined.ip;
    await route.fulfill({ response, json: { ...joined, tunnelUrl: `ws://127.0.0.1:${worker.port}` } });
  });
  page.on('websocket', (socket) => {
    tunnels++;
    passes.add([...new URL(socket.url()).searchParams.keys()].sort().join());
  });
  await page.goto(`http://127.0.0.1:${pages.port}/`);
  await logIn(page, 'student', target.studentPassword);
  await page.waitForSelector('.exam');
  await joinSample(page);
  await clickInto(page, answerBox(await paintedHeader(page)));
}

/** Whatever has become of his test: the next one's student gets a desktop of his own. */
async function handIn(): Promise<void> {
  const login = await page.evaluate(() => sessionStorage.getItem('vdi.login'));
  const headers = { authorization: `Bearer ${JSON.parse(login ?? '{}').token}` };
  await fetch(finish, { method: 'POST', headers });
  await expect.poll(mine, { timeout: LATE_MS }).toEqual([]);
}

describe.each(['1.5', '1.6'] as const)('a student with guacamole-common-js %s whose network is cut', (version) => {
  beforeEach(() => sitDown(version));
  afterEach(async () => {
    await handIn();
    await page.context().close();
    await Promise.all([pages.cut(), worker.cut()]);
  });

  it('every few seconds keeps his desktop, loses nothing that he has typed, and needs no control-plane for it', async () => {
    const before = mine();
    let cuts = 0;
    let typed = 0;
    let stood = '';
    const write = async (word: string): Promise<void> => {
      const earlier = cuts;
      await page.keyboard.type(word, { delay: 30 });
      typed += word.length;
      // A word into which a cut fell is as a person would have it: begun, and left.
      const isDone = async () => cuts > earlier || (await text()).endsWith(word);
      await expect.poll(isDone, { timeout: LATE_MS, interval: 200 }).toBe(true);
      const now = await text();
      // Each look sees all that the looks before it saw.
      expect(now.slice(0, stood.length)).toBe(stood);
      stood = now;
    };
    const cutting = (async () => {
      while (cuts < CUTS) {
        await pause(CUT_EVERY_MS);
        const earlier = tunnels;
        await cut();
        await comesBack(earlier);
        cuts++;
      }
    })();
    for (let at = 0; cuts < CUTS; at++) {
      if ((await state()) === 'Connected') await write(`word${at} `);
      else await pause(50);
    }
    await cutting;
    await write('the end');
    // What a cut swallowed was on its way: no more than a word each; and no key was repeated by the desktop.
    expect(stood.length).toBeLessThanOrEqual(typed);
    console.log(`${CUTS} cuts, ${typed} letters typed, ${typed - stood.length} were on their way when one came`);
    expect(typed - stood.length).toBeLessThan(10 * CUTS);
    expect(mine()).toEqual(before);
    expect([...passes]).toEqual(['connection,dpi,height,jwt,width']);
    expect(joins).toBe(1);
  });

  it('while he holds a key: it is let go, neither repeated for ever nor held as Control for what he types next', async () => {
    const stands = (wanted: string) => expect.poll(text, { timeout: LATE_MS, interval: 200 }).toBe(wanted);
    const holds = async (key: string): Promise<void> => {
      const earlier = tunnels;
      await page.keyboard.down(key);
      if (key === 'k') await stands('go k');
      else await pause(300);
      await cut();
      await page.waitForSelector('.overlay:not([hidden])');
      if (key === 'k') await shoot(page, 'connection-lost');
      await comesBack(earlier);
    };
    await page.keyboard.type('go ', { delay: 30 });
    await stands('go ');
    await holds('k');
    // Nobody presses anything now.
    await pause(2_000);
    expect(await text()).toBe('go k');
    await page.keyboard.up('k');
    // With Control still held each z would take back what stands there.
    await holds('Control');
    await page.keyboard.up('Control');
    await page.keyboard.type(' zz', { delay: 30 });
    await stands('go k zz');
  });
});
