import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DockerEngine } from '../../../src/docker/engine.ts';
import { AddressTaken } from '../../../src/pool/ports.ts';
import { imageReference } from '../../rig/images.ts';
import { Rig } from '../../rig/rig.ts';

// A desktop's home and its student's files are volumes: they stay when the desktop stops; the home goes with it.
const rig = new Rig({ name: 'places', env: { EXAM_WORKSPACE_KEEP_HOURS: '1' } });
const EXAM = 92;
const allocate = (userId: number) => rig.call('/api/vdi/cluster/allocate', { examId: EXAM, userId });
const seated = (userId: number) =>
  rig.until(`a desktop for student ${userId}`, async () => {
    const answer = await allocate(userId);
    return answer.status === 200 && (answer.body as { containerId: string; ip: string });
  });
beforeAll(() => rig.start());
afterAll(() => rig.stop());

describe('a desktop that was killed', () => {
  test('comes back with the student’s files, and root’s hand followed no link that he left', async () => {
    const { containerId } = await seated(2);
    const shell = (script: string, as: 'root' | 'student' = 'student') =>
      rig.exec(containerId, ['bash', '-c', script], as);
    const left = await shell(
      'cd /home/student && echo work > workspace/work.txt && ! mv workspace kept 2> /dev/null && ln -s /home/.exam Desktop && ln -s /home/.exam workspace/link',
    );
    expect(left).toMatchObject({ code: 0 });
    await rig.docker.getContainer(containerId).kill();
    // By the engine's word, not by the worker's own look every 15 s.
    const running = async () => (await rig.docker.getContainer(containerId).inspect()).State.Running;
    await rig.until('the desktop running again', running, 8_000);
    expect((await seated(2)).containerId).toBe(containerId);
    expect((await shell('cat /home/student/workspace/work.txt')).output).toContain('work');
    expect((await shell('stat -c "%U %a" /home/.exam /home/.exam/rdp-password', 'root')).output.trim()).toMatch(
      /^root 700\r?\nroot 600$/,
    );
    expect((await shell('cat /home/.exam/rdp-password')).code).not.toBe(0);
    // The places in /run and /tmp, empty after a stop, are as they were: the session could not have come up otherwise.
    expect(
      (await shell('stat -c "%U:%G %a" /run/xrdp /run/xrdp/sockdir /run/user/1000 /tmp/.X11-unix', 'root')).output,
    ).toMatch(/root:xrdp 2775\s+root:xrdp 3777\s+student:student 700\s+root:root 1777/);
  });
});

describe('the volume of a desktop', () => {
  test('is one each, and goes with the release; that of the student’s files stays', async () => {
    await seated(1);
    const before = await rig.volumes();
    expect(before.length).toBe(2 * (await rig.desktops()).length);
    await rig.call('/api/vdi/cluster/release', { examId: EXAM, userId: 1 });
    await rig.until('one volume less', async () => (await rig.volumes()).length === before.length - 1);
  });

  test('is not left by a create that the engine refuses, nor by one whose address is taken', async () => {
    const { ip } = await seated(3);
    const before = (await rig.volumes()).sort();
    const imageId = (await rig.docker.getImage(imageReference('EXAM_IMAGE_NAME')).inspect()).Id;
    const template = {
      image: imageId,
      network: `${rig.code}_exam_net`,
      env: {},
      memoryMb: 512,
      cpuLimit: 1,
      shmMb: 64,
    };
    const whole = { ...template, pidsLimit: 100, workspaceLimitMb: 0, seccomp: '{}', proofKeyName: '' };
    const proving = { keyOf: () => Buffer.alloc(32), targets: () => [] };
    const engine = new DockerEngine(rig.docker, rig.code, whole, proving);
    const labels = { worker: rig.code, examId: EXAM, desktopId: 'ab', imageId, template: 't' };
    const order = (name: string) => ({ name, ip, labels });
    // It would take the half-made desktop for one of its own that nobody asked for.
    await rig.stopWorker();
    await expect(engine.create(order(`exam_${EXAM}_pool_ab`))).rejects.toBeInstanceOf(AddressTaken);
    await expect(engine.create(order(`exam_${EXAM}_u3`))).rejects.toMatchObject({ statusCode: 409 });
    expect((await rig.volumes()).sort()).toEqual(before);
  });
});
