import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { readWebAssets } from '../../src/control-plane/web-assets.ts';
import { openBrowser } from '../rig/chromium.ts';
import type { Ground } from './ground.ts';
import { type Painted, paintInPage, type Way } from './paint-in-page.ts';

export const SCREEN = { width: 1280, height: 800 };

/**
 * A real Chromium in which a student looks at his desktop, through the product's own client code. Every look is a page of
 * its own.
 */
export class StudentWindow {
  readonly server: Server;
  readonly #browser: Browser;

  private constructor(server: Server, browser: Browser) {
    this.server = server;
    this.#browser = browser;
  }

  static async open(ground: Ground): Promise<StudentWindow> {
    const assets = await readWebAssets();
    const server = createServer((request: IncomingMessage, response: ServerResponse) => {
      const asset = assets.get((request.url ?? '').replace('/assets/', ''));
      response.setHeader(
        'content-type',
        asset ? `text/${asset.type === 'js' ? 'javascript' : asset.type}` : 'text/html',
      );
      response.end(asset?.body ?? '<!doctype html><body style="margin:0">');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ground.onEnd(async () => {
      server.closeAllConnections();
      server.close();
    });
    const browser = await openBrowser();
    ground.onEnd(() => browser.close());
    return new StudentWindow(server, browser);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A page with the client's code loaded, as it is while a student waits for his desktop. One look, then it is closed. */
  async page(): Promise<{ look(way: Way): Promise<Painted> }> {
    const page = await this.#browser.newPage({ viewport: SCREEN });
    await page.goto(this.url);
    await page.evaluate((module) => import(module), '/assets/desktop-link.js');
    return { look: (way) => page.evaluate(paintInPage, { ...way, screen: SCREEN }).finally(() => page.close()) };
  }

  /** Goes one way to a desktop until the exam page's pixels are in the canvas; told by the page's own clock. */
  async look(way: Way): Promise<Painted> {
    return (await this.page()).look(way);
  }
}
