import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.ts';

// The address is no address: the desktop cannot know what to lock, so it must end and say why.
const rig = new Rig({ name: 'broken', env: { EXAM_ALLOWED_IPS: 'not-an-address' } });

beforeAll(() => rig.start());
afterAll(() => rig.stop());

test('a desktop that cannot be locked is never given to a student, and status says why', async () => {
  const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 90, userId: 1 });
  expect([answer.status, answer.body.error]).toEqual([503, 'desktops-failing']);
  const { lastFailure } = (await rig.call('/api/vdi/cluster/status')).body;
  expect(lastFailure).toContain('EXAM_ALLOWED_IPS');
  await rig.until('nothing left over', async () => (await rig.desktops()).length === 0);
});
