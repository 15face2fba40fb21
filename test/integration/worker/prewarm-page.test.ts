import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.ts';

// The firewall's set fills when the site's name is resolved inside the desktop: what is in it shows whether anybody asked.
describe.each([
  ['true', true],
  ['false', false],
])('without a browser opened by itself, EXAM_BROWSER_PREWARM=%s', (prewarm, asked) => {
  const rig = new Rig({
    name: 'prewarm-page',
    env: { EXAM_BROWSER_AUTOSTART: 'false', EXAM_BROWSER_PREWARM: prewarm },
  });
  beforeAll(() => rig.start());
  afterAll(() => rig.stop());

  test(`the exam site is ${asked ? 'asked once while the desktop starts' : 'not asked'}`, async () => {
    const { body } = await rig.until('a desktop', async () => {
      const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 91, userId: 1 });
      return answer.status === 200 && answer;
    });
    const site = `${rig.prefix}.0.40`;
    const seen = async () => (await rig.exec(body.containerId, ['nft', 'list', 'set', 'inet', 'exam', 'dom4'])).output;
    if (asked) await rig.until('the site’s address in the set', async () => (await seen()).includes(site));
    else expect(await seen()).not.toContain(site);
  });
});
