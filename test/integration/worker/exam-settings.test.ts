import { afterAll, beforeAll, expect, test } from 'vitest';
import { Rig } from '../../rig/rig.ts';

const rig = new Rig({ name: 'settings' });
const pages = { 7: 'http://exam.school.test/?exam=seven', 8: 'http://exam.school.test/?exam=eight' };
const envOf = async (id: string): Promise<string[]> => (await rig.docker.getContainer(id).inspect()).Config.Env;
const prewarm = (examId: number, count: number, env?: object) =>
  rig.call('/api/vdi/cluster/prewarm', { examId, count, ...(env ? { env } : {}) });
const ready = (examId: number, count: number) =>
  rig.until(
    `${count} ready for exam ${examId}`,
    async () => {
      const { pools } = (await rig.call('/api/vdi/cluster/status')).body;
      return pools.find((pool: { examId: number }) => pool.examId === examId)?.warm >= count;
    },
    90_000,
  );
const pooled = async (examId: number) =>
  (await rig.desktops()).filter((desktop) => desktop.Names[0]?.startsWith(`/exam_${examId}_pool_`));

beforeAll(() => rig.start());
afterAll(() => rig.stop());

test('two exams’ pools side by side: each desktop shows its own exam, seen from inside', async () => {
  expect((await prewarm(7, 1, { EXAM_NAME: 'Algorithms', EXAM_BROWSER_URL: pages[7] })).status).toBe(200);
  expect((await prewarm(8, 1, { EXAM_NAME: 'Cơ sở dữ liệu', EXAM_BROWSER_URL: pages[8] })).status).toBe(200);
  await ready(7, 1);
  await ready(8, 1);
  for (const [examId, name] of [
    [7, 'Algorithms'],
    [8, 'Cơ sở dữ liệu'],
  ] as const) {
    const [desktop] = await pooled(examId);
    const panel = await rig.exec(String(desktop?.Id), [
      'sh',
      '-c',
      'grep -rh "digital-time-format" /etc/xdg /run/exam 2>/dev/null',
    ]);
    expect(panel.output).toContain(name);
    const browser = await rig.exec(String(desktop?.Id), [
      'sh',
      '-c',
      'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "',
    ]);
    expect(browser.output, 'the browser was started on this exam’s page').toContain(pages[examId]);
    expect(browser.output).not.toContain(pages[examId === 7 ? 8 : 7]);
  }
});

test('a desktop made while a student waits is of his exam’s settings too', async () => {
  expect((await prewarm(9, 0, { EXAM_NAME: 'Networks', EXAM_BROWSER_AUTOSTART: 'false' })).status).toBe(200);
  const { body } = await rig.until('a desktop', async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 9, userId: 1 });
    return answer.status === 200 && answer;
  });
  expect(await envOf(body.containerId)).toEqual(
    expect.arrayContaining(['EXAM_NAME=Networks', 'EXAM_BROWSER_AUTOSTART=false']),
  );
});

test('worker killed and Redis emptied: level and settings are read from what runs, and no warm desktop is lost', async () => {
  const before = (await pooled(7)).map(({ Id }) => Id);
  await rig.stopWorker('SIGKILL');
  await rig.exec(rig.container('redis').id, ['redis-cli', 'flushall']);
  await rig.startWorker();
  const pool = await rig.until('the pool known again', async () => {
    const { pools } = (await rig.call('/api/vdi/cluster/status')).body;
    return pools.find((each: { examId: number; wanted: number }) => each.examId === 7 && each.wanted === 1);
  });
  expect(pool.env).toEqual({ EXAM_NAME: 'Algorithms', EXAM_BROWSER_URL: pages[7] });
  expect((await pooled(7)).map(({ Id }) => Id)).toEqual(before);
});

test('other settings replace the free desktops, not a student’s', async () => {
  const students = (await rig.desktops()).filter((desktop) => desktop.Names[0] === '/exam_9_u1').map(({ Id }) => Id);
  await prewarm(8, 1, { EXAM_NAME: 'Databases' });
  await rig.until('one with the new name only', async () => {
    const now = await pooled(8);
    const envs = await Promise.all(now.map(({ Id }) => envOf(Id).catch(() => [''])));
    return envs.length === 1 && envs[0]?.includes('EXAM_NAME=Databases');
  });
  expect((await rig.desktops()).filter(({ Names }) => Names[0] === '/exam_9_u1').map(({ Id }) => Id)).toEqual(students);
});

test('bad settings are a 400 that names the field and changes nothing', async () => {
  const answer = await prewarm(7, 3, { EXAM_BROWSER_URL: 'https://elsewhere.test/' });
  expect([answer.status, answer.body.fields[0].field]).toEqual([400, 'env.EXAM_ALLOWED_DOMAINS']);
  const { pools } = (await rig.call('/api/vdi/cluster/status')).body;
  expect(pools.find((pool: { examId: number }) => pool.examId === 7).wanted).toBe(1);
});
