import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from '../rig/chromium.ts';
import { asAdmin } from './api.ts';
import { logIn, openPage, shoot, target } from './browser.ts';
import { desktops } from './engine.ts';

let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  browser = await openBrowser();
  ({ page, complaints } = await openPage(browser, '/admin'));
});
afterAll(async () => {
  await browser?.close();
});

interface Row {
  totalCpuCores: number;
  totalMemoryMb: number;
  reservedCpuCores: number;
  reservedMemoryMb: number;
  vmCpuCores: number;
  vmMemoryMb: number;
}

describe('an administrator', { sequential: true }, () => {
  it('logs in and sees the worker Healthy, with the slots of the contract’s formula', async () => {
    await logIn(page, 'admin', target.adminPassword);
    const row = page.locator('.workers tbody tr').first();
    await expect.poll(() => row.locator('.badge').textContent(), { timeout: 30_000 }).toBe('Healthy');
    const [worker] = await asAdmin<Row[]>('GET', '/vdi/workers');
    if (!worker) throw new Error('no worker');
    const slots = Math.min(
      Math.floor((worker.totalCpuCores - worker.reservedCpuCores) / worker.vmCpuCores),
      Math.floor((worker.totalMemoryMb - worker.reservedMemoryMb) / worker.vmMemoryMb),
    );
    expect(slots).toBeGreaterThan(0);
    expect(await row.locator('.slots-text').textContent()).toBe(`0 of ${slots} in use, ${slots} free`);
  });

  it('presses Prewarm 2: the four numbers, then two warm desktops', async () => {
    const exam = page.locator('.exam', { hasText: 'Sample exam' });
    await exam.locator('input[name=count]').fill('2');
    await exam.locator('button:has-text("Prewarm")').click();
    const numbers = exam.locator('.counts dd');
    await expect.poll(() => numbers.allTextContents(), { timeout: 20_000 }).toHaveLength(4);
    const [requested, , failed] = await numbers.allTextContents();
    expect([requested, failed]).toEqual(['2', '0']);
    // At least two: students before may have left the pool larger.
    const warm = async () => Number(/^\d+/.exec((await exam.locator('.pool').textContent()) ?? '')?.[0]);
    await expect.poll(warm, { timeout: 90_000 }).toBeGreaterThanOrEqual(2);
    await expect
      .poll(() => page.locator('.pools').textContent(), { timeout: 30_000 })
      .toMatch(/([2-9]|\d\d) of \d+ warm/);
    const progress = exam.locator('.prewarm [role=status]');
    await expect.poll(() => progress.textContent(), { timeout: 30_000 }).toBe('All 2 are warm.');
    expect(desktops().filter((name) => /^exam_\d+_pool_/.test(name)).length).toBeGreaterThanOrEqual(2);
  });

  it('presses Reconcile now and sees its counts', async () => {
    await page.click('button:has-text("Reconcile now")');
    const numbers = page.locator('.reconcile .counts dd');
    await expect.poll(() => numbers.count(), { timeout: 20_000 }).toBe(6);
    expect((await numbers.allTextContents()).every((text) => /^\d+$/.test(text))).toBe(true);
    await shoot(page, 'admin');
  });

  it('drains the worker and lets it serve again', async () => {
    const row = page.locator('.workers tbody tr').first();
    await row.locator('button:has-text("Drain")').click();
    await expect.poll(() => row.locator('.badge').textContent()).toBe('Drained');
    await row.locator('button:has-text("Resume")').click();
    await expect.poll(() => row.locator('.badge').textContent()).toBe('Healthy');
  });

  it('makes an exam, is told what is wrong with it, changes it, deletes it', async () => {
    await page.click('button:has-text("New exam")');
    await page.fill('dialog [name=name]', 'Networks');
    await page.fill('dialog [name=accessCode]', 'NET-1');
    await page.fill('dialog [name=endTime]', '2001-01-01T00:00');
    await page.click('dialog button:has-text("Save")');
    await expect.poll(() => page.textContent('dialog .wrong')).toContain('The end must be after the start.');
    await page.fill('dialog [name=endTime]', '2099-01-01T00:00');
    await page.click('dialog button:has-text("Save")');
    const exam = page.locator('.exam', { hasText: 'Networks' });
    await exam.waitFor();
    await exam.locator('button:has-text("Edit")').click();
    await page.uncheck('dialog [name=isActive]');
    await page.click('dialog button:has-text("Save")');
    await expect.poll(() => exam.locator('.badge').textContent()).toBe('Closed');
    await exam.locator('button:has-text("Delete")').click();
    await page.click('dialog button.danger');
    await expect.poll(() => exam.count()).toBe(0);
  });

  it('reads it all in Vietnamese, and finds it so the next time', async () => {
    await page.click('.languages button:has-text("VI")');
    expect(await page.textContent('.section-head h2')).toBe('Máy chủ thi');
    await page.reload();
    await expect.poll(() => page.textContent('.section-head h2')).toBe('Máy chủ thi');
    expect(await page.getAttribute('html', 'lang')).toBe('vi');
    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBe(0);
    await page.waitForSelector('.workers tbody tr');
    await shoot(page, 'admin-390-vi');
  });

  it('has seen no fault of the page itself', () => {
    expect(complaints).toEqual([]);
  });
});
