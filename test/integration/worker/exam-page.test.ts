import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';

// "Warm" says that the exam page has really loaded: here is what sites do instead, each with a real browser.
const rig = new Rig({ name: 'exam-page', env: { EXAM_ALLOWED_DOMAINS: 'odd.school.test' } });
let site = '';
let examId = 300;

beforeAll(async () => {
  await rig.start();
  site = `${rig.prefix}.0.41`;
  await startSite();
});
afterAll(() => rig.stop());

const startSite = () =>
  rig.service('odd-site', imageReference('NODE_IMAGE'), ['node', 'test/rig/odd-site.ts'], site, ['odd.school.test']);

/** A student's desktop of a worker with these settings, and what it has said of its page. */
async function desktopFor(path: string, env: Record<string, string> = {}) {
  await rig.call('/api/vdi/cluster/release', { examId, userId: 1 });
  await rig.stopWorker();
  rig.setEnv({ EXAM_BROWSER_URL: `http://odd.school.test${path}`, EXAM_BROWSER_AUTOSTART: 'true', ...env });
  await rig.startWorker();
  examId++;
  const { body } = await rig.until('a desktop', async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId, userId: 1 });
    return answer.status === 200 && answer;
  });
  return body.containerId as string;
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

describe('a site that is well', () => {
  test.each([
    ['a page without a title', '/'],
    ['a redirect', '/moved'],
    ['a very long title with quotes and signs', '/long'],
    ['a title set by a script later', '/scripted'],
    ['a title that is the site’s name, as an error page’s is', '/own-name'],
  ])('%s is loaded', async (_what, path) => {
    expect(await said(await desktopFor(path))).toEqual(['loaded']);
  });

  test.each([
    ['a page that is not there, under its usual title', '/missing'],
    ['a redirect to a site that is not allowed', '/away'],
  ])('%s is not loaded, and said to be unreachable', async (_what, path) => {
    expect(await said(await desktopFor(path))).toEqual(['unreachable']);
  });

  test('without a browser opened by itself, none asks', async () => {
    const desktop = await desktopFor('/typing', { EXAM_BROWSER_AUTOSTART: 'false', EXAM_BROWSER_PREWARM: 'false' });
    expect(await said(desktop)).toEqual(['off']);
    expect(await asked('/typing')).toEqual([]);
  });
});

describe('a site that is not well at first', () => {
  test('a page that comes while the desktop starts is loaded anew, and the desktop waits for it', async () => {
    await rig.container('odd-site').stop({ t: 0 });
    const wellAfter = (async () => {
      await rig.until('a browser on the page', async () => (await rig.desktops()).length > 0);
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      await rig.container('odd-site').start();
    })();
    const desktop = await desktopFor('/plain');
    await wellAfter;
    expect(await said(desktop)).toEqual(['loaded']);
  });

  test('a page that comes after the desktop was given out is brought to it', async () => {
    const desktop = await desktopFor('/mended-later');
    expect(await said(desktop)).toEqual(['unreachable']);
    await fetch(`http://${site}/mend`);
    await rig.until('the page', async () => (await said(desktop)).includes('loaded'), 40_000);
    const byBrowser = (await asked('/mended-later')).filter(({ agent }) => !agent.includes('ExamDesktop'));
    expect(byBrowser.length).toBeGreaterThan(1);
  }, 120_000);
});
