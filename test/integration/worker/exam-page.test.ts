import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';

// "Warm" says that the exam page has really loaded: here is what sites do instead, each with a real browser and as an
// exam of its own, with its page in the prewarm call.
const SITE = 'odd.school.test';
const rig = new Rig({ name: 'exam-page', env: { EXAM_ALLOWED_DOMAINS: SITE } });
let site = '';
let lastExam = 300;

beforeAll(async () => {
  await rig.start();
  site = `${rig.prefix}.0.41`;
  await rig.service('odd-site', imageReference('NODE_IMAGE'), ['node', 'test/rig/odd-site.ts'], site, [SITE]);
});
afterAll(() => rig.stop());
// Young desktops of a pool are kept for a while; taken and given back, they are gone at once.
afterEach(async () => {
  for (let examId = 301; examId <= lastExam; examId++) {
    await rig.call('/api/vdi/cluster/prewarm', { examId, count: 0 });
    await rig.call('/api/vdi/cluster/release', { examId, userId: 1 });
  }
  for (const { Labels } of await rig.desktops()) {
    const seat = { examId: Number(Labels['vdi.exam']), userId: 1 };
    await rig.call('/api/vdi/cluster/allocate', seat);
    await rig.call('/api/vdi/cluster/release', seat);
  }
});

async function prewarm(examId: number, count: number, path: string, env: Record<string, string> = {}): Promise<void> {
  const body = { examId, count, env: { EXAM_BROWSER_URL: `http://${SITE}${path}`, ...env } };
  expect(await rig.call('/api/vdi/cluster/prewarm', body)).toMatchObject({ status: 200 });
}

/** What a warm desktop of a new exam with this page says of it. */
async function warmed(path: string, env: Record<string, string> = {}): Promise<string[]> {
  const examId = ++lastExam;
  await prewarm(examId, 1, path, env);
  return rig.until(`a desktop on ${path}`, async () => {
    const desktop = (await rig.desktops()).find(({ Labels }) => Labels['vdi.exam'] === String(examId));
    const words = desktop ? await said(desktop.Id) : [];
    return words.length > 0 && words;
  });
}

async function said(containerId: string): Promise<string[]> {
  const log = await rig.docker.getContainer(containerId).logs({ stdout: true, stderr: false });
  return log
    .toString('utf8')
    .split('\n')
    .flatMap((line) => /"event":"(?:ready|page)".*"page":"(\w+)"/.exec(line)?.[1] ?? []);
}

async function asked(path: string) {
  const all = (await (await fetch(`http://${site}/asked`)).json()) as { path: string; agent: string }[];
  return all.filter((one) => one.path === path);
}

test('pages of every kind are loaded', async () => {
  const pages = {
    'without a title': '/',
    'behind a redirect': '/moved',
    'with a very long title of quotes and signs': '/long',
    'with a title set by a script later': '/scripted',
    'with the site’s name for a title, as an error page has': '/own-name',
  };
  const words = await Promise.all(Object.entries(pages).map(async ([what, path]) => [what, await warmed(path)]));
  expect(words).toEqual(Object.keys(pages).map((what) => [what, ['loaded']]));
});

test('what is no page is said to be unreachable, whatever its title', async () => {
  const pages = { 'a 404 under the usual title': '/missing', 'a redirect to a site that is not allowed': '/away' };
  const words = await Promise.all(Object.entries(pages).map(async ([what, path]) => [what, await warmed(path)]));
  expect(words).toEqual(Object.keys(pages).map((what) => [what, ['unreachable']]));
});

test('without a browser opened by itself, none asks', async () => {
  expect(await warmed('/typing', { EXAM_BROWSER_AUTOSTART: 'false', EXAM_BROWSER_PREWARM: 'false' })).toEqual(['off']);
  expect(await asked('/typing')).toEqual([]);
});

test('a page that comes while the desktop starts is loaded anew, and the desktop waits for it', async () => {
  await rig.container('odd-site').stop({ t: 0 });
  const words = warmed('/plain');
  await pause(6_000);
  await rig.container('odd-site').start();
  expect(await words).toEqual(['loaded']);
});

test('a page that comes after the desktop was given out is brought to it', async () => {
  const examId = ++lastExam;
  await prewarm(examId, 0, '/mended-later');
  const { body } = await rig.until('a desktop', async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId, userId: 1 });
    return answer.status === 200 && answer;
  });
  expect(await said(body.containerId)).toEqual(['unreachable']);
  const shown = async () =>
    (await rig.call('/api/vdi/cluster/status')).body.desktops.find(
      (desktop: { name: string }) => desktop.name === body.containerName,
    );
  expect(await shown()).toMatchObject({ state: 'in use', reason: 'exam page did not load' });
  await fetch(`http://${site}/mend`);
  await rig.until('the page', async () => (await said(body.containerId)).includes('loaded'), 40_000);
  await rig.until('status no longer misses it', async () => (await shown()).reason === null, 3_000);
  const byBrowser = (await asked('/mended-later')).filter(({ agent }) => !agent.includes('ExamDesktop'));
  expect(byBrowser.length).toBeGreaterThan(1);
}, 120_000);
