import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bent, bendEngine } from '../../rig/bent-engine.ts';
import { Rig } from '../../rig/rig.ts';

/** A worker whose desktops are made as `bend` says. */
function brokenRig(env: Record<string, string>, bend?: (options: Bent) => void) {
  const rig = new Rig({ name: 'broken', env });
  let folder = '';
  let engine: Server | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vdi-broken-'));
    if (bend) {
      const socket = join(folder, 'engine.sock');
      engine = await bendEngine(socket, bend);
      rig.setEnv({ DOCKER_SOCKET: socket });
    }
    await rig.start();
  });
  afterAll(async () => {
    await rig.stop();
    engine?.closeAllConnections();
    engine?.close();
    await rm(folder, { recursive: true, force: true });
  });
  return rig;
}

/** Exit codes of this worker's desktops, as the engine tells them. */
async function exitCodes(rig: Rig): Promise<string[]> {
  const codes: string[] = [];
  const filters = { event: ['die'], label: [`vdi.worker=${rig.code}`] };
  const events = await rig.docker.getEvents({ filters });
  createInterface({ input: events }).on('line', (line) => codes.push(JSON.parse(line).Actor.Attributes.exitCode));
  return codes;
}

const withoutNetAdmin = ({ HostConfig }: Bent): void => {
  HostConfig.CapAdd = HostConfig.CapAdd.filter((name) => name !== 'NET_ADMIN');
};
const badAddress = (options: Bent): void => {
  options.Env = [...options.Env.filter((line) => !line.startsWith('EXAM_ALLOWED_IPS=')), 'EXAM_ALLOWED_IPS=nowhere'];
};

describe.each<[string, (options: Bent) => void, RegExp]>([
  ['without NET_ADMIN at its create', withoutNetAdmin, /no lock, no desktop: .*NET_ADMIN/],
  ['with an address that is none', badAddress, /no lock, no desktop: .*EXAM_ALLOWED_IPS/],
])('a desktop %s, in strict mode', (_how, bend, reason) => {
  const rig = brokenRig({}, bend);

  test('ends, is given to nobody, and status says why', async () => {
    const codes = await exitCodes(rig);
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 90, userId: 1 });
    expect([answer.status, answer.body.error]).toEqual([503, 'desktops-failing']);
    const { lastFailure } = (await rig.call('/api/vdi/cluster/status')).body;
    expect(lastFailure).toMatch(reason);
    await rig.until('its exit code', async () => codes.includes('1'));
    await rig.until('nothing left over', async () => (await rig.desktops()).length === 0);
  });
});

describe('a desktop without NET_ADMIN where strict mode is off', () => {
  const rig = brokenRig({ EXAM_FIREWALL_ENFORCE_STRICT: 'false' }, withoutNetAdmin);

  test('is served, and status says that it has no firewall', async () => {
    await rig.until('a desktop', async () => {
      return (await rig.call('/api/vdi/cluster/allocate', { examId: 90, userId: 1 })).status === 200;
    });
    const { desktops } = (await rig.call('/api/vdi/cluster/status')).body;
    expect(desktops[0].reason).toMatch(/^no firewall/);
  });
});

describe('a desktop that says it is without a firewall, signed by itself, where strict mode is on', () => {
  // Only the worker's own setting is strict: what the desktop was told is the fault here.
  const rig = brokenRig({ EXAM_PROOF_EVERY_SEC: '60' }, (options) => {
    withoutNetAdmin(options);
    options.Env = [
      ...options.Env.filter((line) => !line.startsWith('EXAM_FIREWALL')),
      'EXAM_FIREWALL_ENFORCE_STRICT=false',
    ];
  });

  test('is quarantined and never given away', async () => {
    const answer = await rig.call('/api/vdi/cluster/allocate', { examId: 90, userId: 1 });
    expect([answer.status, answer.body.error]).toEqual([503, 'desktops-failing']);
    const { quarantine, lastFailure } = await rig.until('it in quarantine', async () => {
      const { body } = await rig.call('/api/vdi/cluster/status');
      return body.quarantine.count > 0 && body;
    });
    expect(lastFailure).toContain('no firewall');
    expect(quarantine.last).toContain('no firewall');
  });
});
