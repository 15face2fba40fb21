import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';
import { execIn } from '../../rig/student.ts';
import { contractToken, TunnelClient } from '../../rig/tunnel-client.ts';

const EXAM = 93;
const rig: Rig = new Rig({
  name: 'guacds',
  lead: async ({ guacd }) => {
    const command = ['guacd', '-b', '0.0.0.0', '-L', 'info', '-f'];
    const second = await rig.service('guacd2', imageReference('GUACD_IMAGE'), command, `${rig.prefix}.0.11`);
    return { GUACD_HOST: `${guacd},${second}` };
  },
});
const clients: TunnelClient[] = [];
const addresses: string[] = [];

const guacds = async (): Promise<{ name: string; held: number; state: string }[]> =>
  (await rig.call('/api/vdi/cluster/status')).body.guacds;
const sit = async (userId: number): Promise<TunnelClient> => {
  const client = new TunnelClient(rig.url, { token: contractToken(rig.guacTokenKey, addresses[userId - 1] ?? '') });
  clients.push(client);
  await client.see('img');
  return client;
};
/** Stops the guacd that listens, not those that it started for its connections: as one does that hangs. */
const hang = (name: string) =>
  execIn(rig.container(name), ['sh', '-c', 'kill -STOP "$(pidof guacd | tr " " "\\n" | sort -n | head -1)"']);

beforeAll(async () => {
  await rig.start();
  await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: 2 });
  await rig.until('two warm desktops', async () => {
    const { body } = await rig.call('/api/vdi/cluster/status');
    return body.pools.some((pool: { warm: number }) => pool.warm === 2);
  });
  for (const userId of [1, 2]) {
    const { body } = await rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId });
    addresses.push(body.ip);
  }
});
afterAll(async () => {
  for (const client of clients) client.close();
  await rig.stop();
});

describe('a worker with two guacds', () => {
  test('has each hold its share of the desktops', async () => {
    const share = { held: 1, state: 'serving' };
    expect(await guacds()).toEqual([
      { name: 'worker_guacd', ...share },
      { name: 'worker_guacd_2', ...share },
    ]);
  });

  test('starts one that hangs anew: who sits at the other notices nothing, who sat at this one has his desktop again', async () => {
    const before = await Promise.all([sit(1), sit(2)]);
    const startedAt = (await rig.container('guacd2').inspect()).State.StartedAt;
    expect((await hang('guacd2')).code).toBe(0);

    await rig.until('the hung one out of service', async () => (await guacds())[1]?.state === 'out');
    const { body } = await rig.call('/readyz');
    expect(body.degraded).toEqual(['worker_guacd_2 does not answer; the others serve its desktops']);
    expect(body.ready).toBe(true);

    await rig.until('the hung one serving again', async () => (await guacds())[1]?.state === 'serving');
    expect((await rig.container('guacd2').inspect()).State.StartedAt).not.toBe(startedAt);
    expect(before.filter(({ closed }) => closed === undefined)).toHaveLength(1);
    const lost = before.findIndex(({ closed }) => closed !== undefined) + 1;
    await sit(lost);
    await rig.until('every desktop held', async () => {
      const { body: now } = await rig.call('/api/vdi/cluster/status');
      return now.guacds.reduce((sum: number, { held }: { held: number }) => sum + held, 0) === now.desktops.length;
    });
  });

  test('lets a student in whose guacd hangs, by the other one, before it is started anew', async () => {
    const startedAt = (await rig.container('guacd').inspect()).State.StartedAt;
    expect((await hang('guacd')).code).toBe(0);
    await Promise.all([sit(1), sit(2)]);
    expect((await rig.container('guacd').inspect()).State.StartedAt).toBe(startedAt);
  });
});
