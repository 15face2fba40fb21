import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { proofKey, proofMaster } from '../../../src/desktop/proof-key.ts';
import { Rig } from '../../rig/rig.ts';

const EVERY_SEC = 4;
const EXAM = 92;
const rig = new Rig({ name: 'proof', env: { EXAM_PROOF_EVERY_SEC: String(EVERY_SEC) } });

beforeAll(() => rig.start());
afterAll(() => rig.stop());

interface Shown {
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
  readonly proof: { readonly result: string; readonly at: string } | null;
}

const status = async () => (await rig.call('/api/vdi/cluster/status')).body;
const desktops = async (): Promise<Shown[]> => (await status()).desktops;
const pooled = async () => (await desktops()).filter(({ name }) => name.includes('_pool_'));
const quarantined = async () => (await desktops()).filter(({ state }) => state === 'quarantined');

async function warmOne(): Promise<string> {
  await rig.call('/api/vdi/cluster/prewarm', { examId: EXAM, count: 1 });
  return rig.until('a warm desktop', async () => (await pooled()).find(({ state }) => state === 'warm')?.name, 60_000);
}

/** The container that failed is in quarantine with this reason, stopped, and another is warm in its place. */
async function isReplaced(failed: string, containerId: string, reason: RegExp): Promise<void> {
  const before = (await quarantined()).length;
  const shown = await rig.until(`${failed} in quarantine`, async () => {
    const { Name } = await rig.docker.getContainer(containerId).inspect();
    return (await quarantined()).find(({ name }) => Name === `/${name}`);
  });
  expect(shown.name).toMatch(/^exam_92_quarantine_[0-9a-f]+$/);
  expect(shown.reason).toMatch(reason);
  const next = await warmOne();
  expect(next).not.toBe(failed);
  await rig.until('it is stopped', async () => !(await rig.docker.getContainer(containerId).inspect()).State.Running);
  expect((await status()).quarantine.count).toBeGreaterThanOrEqual(before);
}

const idOf = async (name: string): Promise<string> => (await rig.docker.getContainer(name).inspect()).Id;

/** Tells a line as the desktop's own root would. */
async function tell(id: string, record: object, signature?: string): Promise<void> {
  const desktopId = (await rig.docker.getContainer(id).inspect()).Config.Labels['vdi.desktop'] ?? '';
  const text = Buffer.from(JSON.stringify({ ...sample(desktopId), ...record })).toString('base64url');
  const key = proofKey(proofMaster(rig.clusterToken), desktopId);
  const signed = signature ?? createHmac('sha256', key).update(text).digest('hex');
  const line = `desktop-event {"event":"proof","record":"${text}","signature":"${signed}"}`;
  const { code, output } = await rig.exec(id, ['bash', '-c', `echo '${line}' >> /proc/1/fd/1`]);
  if (code !== 0) throw new Error(output);
}

const sample = (desktop: string) => ({
  v: 1,
  desktop,
  at: new Date().toISOString(),
  seq: Date.now() + 1_000_000,
  ok: true,
  lock: 'on',
  results: [{ try: 'gateway', want: 'blocked', got: 'blocked', ms: 1 }],
});

test('a warm desktop has proved its lock, goes on proving it, and the records are kept', async () => {
  const name = await warmOne();
  const first = (await pooled()).find((desktop) => desktop.name === name)?.proof;
  expect(first?.result).toBe('good');
  await rig.until('the next proof', async () => {
    const now = (await pooled()).find((desktop) => desktop.name === name)?.proof;
    return now?.result === 'good' && now.at !== first?.at;
  });
  const desktopId = (await rig.docker.getContainer(name).inspect()).Config.Labels['vdi.desktop'];
  const { output } = await rig.exec(rig.container('redis').id, ['redis-cli', 'lindex', `vdi:proofs:${desktopId}`, '0']);
  for (const tried of ['gateway', 'worker_redis', 'worker_backend', 'neighbour', 'icmp', 'name-below', 'wrong-name'])
    expect(output.replaceAll('\\"', '"')).toContain(`"try":"${tried}"`);
});

test.each<[string, string[], RegExp]>([
  ['its rules are deleted', ['nft', 'delete', 'table', 'inet', 'exam'], /gateway/],
  ['a rule lets everything out', ['nft', 'insert', 'rule', 'inet', 'exam', 'output', 'accept'], /metadata|gateway/],
  [
    'a rule lets the other desktops be reached',
    ['nft', 'insert', 'rule', 'inet', 'exam', 'output', 'ip', 'daddr', '10.0.0.0/8', 'accept'],
    /neighbour/,
  ],
  [
    'a rule leads its web round the gate',
    [
      'bash',
      '-c',
      'nft insert rule inet exam redirect_output tcp dport 80 accept && nft insert rule inet exam output tcp dport 80 ip daddr @dom4 accept',
    ],
    /wrong-name/,
  ],
  ['its gate dies', ['bash', '-c', 'kill -9 $(pgrep -u exam-gate)'], /gate does not work/],
  ['its name service dies and stays dead', ['bash', '-c', 'kill -9 $(pgrep -u exam-names)'], /resolver|name-forbidden/],
])('when %s, the next proof fails and the desktop is replaced', async (_how, command, reason) => {
  const name = await warmOne();
  const id = await idOf(name);
  const { code, output } = await rig.exec(id, command);
  expect(code, output).toBe(0);
  await isReplaced(name, id, reason);
});

test.each<[string, (id: string, other: string) => Promise<void>, RegExp]>([
  ['a forged signature', (id) => tell(id, {}, 'ab'.repeat(32)), /wrong signature/],
  ['a record of another desktop', (id) => tell(id, { desktop: 'd15ea5e' }), /another desktop/],
  ['a record played back', (id) => tell(id, { seq: 1 }), /played back/],
])('%s: quarantined and replaced', async (_what, act, reason) => {
  const name = await warmOne();
  const id = await idOf(name);
  await act(id, name);
  await isReplaced(name, id, reason);
});

test('a desktop that falls silent is quarantined after three periods; an old record does not save it', async () => {
  const name = await warmOne();
  const id = await idOf(name);
  // Stopped, it would be woken; dead, it is started again; without its key it has nothing to say.
  await rig.exec(id, ['bash', '-c', 'mv /home/.exam/proof-key /home/.exam/lost && pkill -KILL -f "[e]xam/prove"']);
  await tell(id, { at: new Date(Date.now() - 3_600_000).toISOString() });
  await isReplaced(name, id, /no proof for 12 s, but a record of .* out of date/);
});

test('in use a failed proof is shown and touches nothing; the reason of a quarantine outlives the backend', async () => {
  await warmOne();
  const answer = await rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId: 5 });
  expect(answer.status).toBe(200);
  const id: string = answer.body.containerId;
  await rig.exec(id, ['nft', 'insert', 'rule', 'inet', 'exam', 'output', 'accept']);
  const shown = await rig.until('it is shown', async () =>
    (await desktops()).find((desktop) => desktop.name === 'exam_92_u5' && desktop.proof?.result === 'bad'),
  );
  expect(shown.state).toBe('in use');
  expect((await status()).failedProofInUse).toBe(1);
  const before = await quarantined();
  expect(before.length).toBeGreaterThan(0);
  await rig.stopWorker('SIGKILL');
  await rig.startWorker();
  const after = await rig.until('the reasons again', async () => {
    const now = await quarantined();
    return now.length === before.length && now.every(({ reason }) => reason !== null) && now;
  });
  expect(after.map(({ name }) => name).sort()).toEqual(before.map(({ name }) => name).sort());
  expect((await rig.docker.getContainer(id).inspect()).State.Running).toBe(true);
  expect((await rig.docker.getContainer(id).inspect()).Name).toBe('/exam_92_u5');
});

test('of those in quarantine the newest five are kept', async () => {
  expect((await quarantined()).length).toBeLessThanOrEqual(5);
});
