import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.ts';

// The kernel counts what a user holds for the whole host: were all students one user, each could use up what all need.
const rig = new Rig({ name: 'user' });
const EXAM = 93;
const desktops: string[] = [];
beforeAll(async () => {
  await rig.start();
  for (const userId of [1, 2])
    desktops.push(
      await rig.until(`a desktop for student ${userId}`, async () => {
        const { status, body } = await rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId });
        return status === 200 && (body.containerId as string);
      }),
    );
});
afterAll(() => rig.stop());

const as = (student: number, script: string) => rig.exec(desktops[student] ?? '', ['python3', '-c', script], 'student');

const PASS_ONE = `
import array, socket
near, far = socket.socketpair()
near.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0]))])
print('passed on')`;

const HOLD_ALL = `
import array, resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
kept, sent = [], 0
try:
    for _ in range(200):
        near, far = socket.socketpair()
        kept += [near, far]
        for _ in range(200):
            near.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0] * 250))], socket.MSG_DONTWAIT)
            sent += 250
except OSError as error:
    print('held until', error.errno, flush=True)
try:
    near.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0]))])
except OSError as error:
    print('himself refused', error.errno, flush=True)
import time
time.sleep(8)`;

test('two desktops’ students are two users', async () => {
  const users = await Promise.all(desktops.map((id) => rig.exec(id, ['id', '-u'], 'student')));
  const [one, other] = users.map(({ output }) => Number(output));
  expect(one).toBeGreaterThan(100_000);
  expect(other).toBeGreaterThan(100_000);
  expect(one).not.toBe(other);
});

test('descriptors that one student keeps on their way are nobody else’s loss', async () => {
  const attack = as(0, HOLD_ALL);
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const meanwhile = await as(1, PASS_ONE);
  const { output } = await attack;
  // ETOOMANYREFS: the attack was one, for himself.
  expect(output).toContain('himself refused 109');
  expect(meanwhile.output).toContain('passed on');
});
