import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';

const SITE = 'odd.school.test';
const EXAM = 91;

// The proof asks the site in any case, for `/` and as nobody; the page itself is only fetched where that was asked for.
describe.each([
  ['true', true],
  ['false', false],
])('without a browser opened by itself, EXAM_BROWSER_PREWARM=%s', (prewarm, fetched) => {
  const rig = new Rig({
    name: 'prewarm-page',
    env: {
      EXAM_BROWSER_AUTOSTART: 'false',
      EXAM_BROWSER_PREWARM: prewarm,
      EXAM_BROWSER_URL: `http://${SITE}/plain`,
      EXAM_ALLOWED_DOMAINS: SITE,
    },
  });
  let site = '';
  beforeAll(async () => {
    await rig.start();
    site = `${rig.prefix}.0.41`;
    await rig.service('odd-site', imageReference('NODE_IMAGE'), ['node', 'test/rig/odd-site.ts'], site, [SITE]);
  });
  afterAll(() => rig.stop());

  test(`the exam page is ${fetched ? 'fetched once while the desktop starts' : 'not fetched'}`, async () => {
    const paths = async () => {
      const told = (await (await fetch(`http://${site}/asked`)).json()) as { path: string }[];
      return told.map(({ path }) => path);
    };
    await rig.until('a desktop', async () => {
      const answer = await rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId: 1 });
      return answer.status === 200 && answer;
    });
    await rig.until('the proof, which asks the site', async () => (await paths()).includes('/'));
    if (fetched) await rig.until('the page fetched', async () => (await paths()).includes('/plain'));
    expect((await paths()).filter((path) => path === '/plain')).toHaveLength(fetched ? 1 : 0);
  });
});
