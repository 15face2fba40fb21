import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.ts';

const rig = new Rig({ name: 'drain', env: { EXAM_BROWSER_AUTOSTART: 'false' } });
const examId = process.pid * 1000 + 7;
const allocate = (userId: number) => rig.call('/api/vdi/cluster/allocate', { examId, userId });
const names = async () => (await rig.desktops()).map(({ Names }) => Names[0]);
const drainStatus = async () => (await rig.call('/healthz')).body.drainStatus;

beforeAll(() => rig.start());
afterAll(() => rig.stop());

test('draining: nobody new, pools go, who is at work stays; kept over a kill; serving again fills the pool', async () => {
  await rig.call('/api/vdi/cluster/prewarm', { examId, count: 2 });
  const own = await rig.until('a desktop', async () => {
    const answer = await allocate(1);
    return answer.status === 200 && answer.body.containerId;
  });
  const answer = await rig.call('/api/vdi/cluster/drain', { draining: true });
  expect([answer.status, answer.body]).toEqual([200, { draining: true, drainStatus: 'draining' }]);
  await rig.until('the pool gone', async () => (await names()).join() === `/exam_${examId}_u1`);
  await rig.stopWorker('SIGKILL');
  await rig.startWorker();
  const refused = await allocate(2);
  expect([refused.status, refused.body.error]).toEqual([503, 'draining']);
  expect((await allocate(1)).body.containerId).toBe(own);
  expect(await drainStatus()).toBe('draining');
  await rig.call('/api/vdi/cluster/release', { examId, userId: 1 });
  expect(await drainStatus()).toBe('drained');
  await rig.call('/api/vdi/cluster/drain', { draining: false });
  await rig.until('a desktop for the next', async () => (await allocate(2)).status === 200, 60_000);
});
