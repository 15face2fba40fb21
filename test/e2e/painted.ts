import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright-core';

/** Where the exam page's header lies in the browser window, found by its colour. */
export interface Header {
  readonly x: number;
  readonly bottom: number;
}

/**
 * Waits until the sample exam's page is really painted in the desktop, in the size of this window: a wide band of its
 * header's colour, twice at the same place.
 */
export async function paintedHeader(page: Page, patienceMs = 60_000): Promise<Header> {
  const until = Date.now() + patienceMs;
  for (let before: Header | undefined; ; ) {
    const header = (await page.evaluate(isFitted)) ? await page.evaluate(findHeader) : undefined;
    if (header && header.x === before?.x && header.bottom === before.bottom) return header;
    before = header;
    if (Date.now() > until) throw new Error(`the exam page was not painted within ${patienceMs} ms`);
    await pause(150);
  }
}

// Runs in the page. The desktop has taken the window's size: its picture fills the stage, to the even width.
function isFitted(): boolean {
  const stage = document.querySelector('#stage');
  const picture = stage?.firstElementChild;
  if (!stage || !picture) return false;
  return (
    Math.abs(stage.clientWidth - picture.clientWidth) < 2 && Math.abs(stage.clientHeight - picture.clientHeight) < 2
  );
}

/** A point in the answer's text area: below the header and the question. */
export function answerBox({ x, bottom }: Header): { x: number; y: number } {
  return { x, y: bottom + 240 };
}

/** Clicks as a person does: whose hands need a moment until they type, while the desktop's window manager moves the focus. */
export async function clickInto(page: Page, { x, y }: { x: number; y: number }): Promise<void> {
  await page.mouse.click(x, y);
  await pause(400);
}

// Runs in the page. #12536b is the sample exam's header; JPEG and 16-bit colour move it a little.
function findHeader(): { x: number; bottom: number } | undefined {
  const close = (value: number, wanted: number) => Math.abs(value - wanted) < 14;
  let found: { x: number; bottom: number } | undefined;
  for (const canvas of document.querySelectorAll<HTMLCanvasElement>('#stage canvas')) {
    if (canvas.width < 300 || canvas.height < 200) continue;
    const context = canvas.getContext('2d');
    if (!context) continue;
    const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let y = 0; y < height; y += 2) {
      let hits = 0;
      let sum = 0;
      for (let x = 0; x < width; x += 4) {
        const at = (y * width + x) * 4;
        if (!close(data[at] ?? 0, 0x12) || !close(data[at + 1] ?? 0, 0x53) || !close(data[at + 2] ?? 0, 0x6b)) continue;
        hits++;
        sum += x;
      }
      if (hits * 4 < width * 0.5) continue;
      const box = canvas.getBoundingClientRect();
      const scale = box.width / canvas.width;
      found = { x: box.left + (sum / hits) * scale, bottom: box.top + y * scale };
    }
  }
  return found;
}
