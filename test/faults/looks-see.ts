import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { seatName } from '../../src/desktop/names.ts';
import { keptName } from '../../src/desktop/workspace.ts';
import { imageReference } from '../rig/images.ts';
import { execIn } from '../rig/student.ts';
import { carriersOf } from './handed-in.ts';
import { EXAM, type Held, type Seated, WORK } from './invariants.ts';
import { lineOf } from './networks.ts';
import { bridgeOf } from './rules.ts';
import type { Fault, Scene } from './scene.ts';

const run = promisify(execFile);
const NOBODY = 99;

/** Something put where it does not belong, or taken away by hand. */
interface Plant {
  readonly seenAs: keyof Held;
  /** What the look must say of it. */
  readonly words: RegExp;
  /** Only root can put it. */
  readonly isRoots?: boolean;
  put(scene: Scene, seat: Seated): Promise<() => Promise<unknown>>;
}

const container = async ({ rig }: Scene, name: string, label: string, network = 'none') => {
  const made = await rig.docker.createContainer({
    name,
    Image: imageReference('REDIS_IMAGE'),
    Cmd: ['sleep', '60'],
    Labels: { [label]: rig.code },
    HostConfig: { NetworkMode: network },
  });
  return { made, undo: () => made.remove({ force: true, v: true }) };
};

const PLANTS: readonly Plant[] = [
  {
    seenAs: 'clean',
    words: /volume \S+ of nobody/,
    put: async ({ rig }) => {
      const Name = `planted-${rig.code}`;
      await rig.docker.createVolume({ Name, Labels: { 'vdi.worker': rig.code } });
      return () => rig.docker.getVolume(Name).remove();
    },
  },
  {
    seenAs: 'clean',
    words: /carrier \S+_kept_\S+ of nobody/,
    put: async (scene) => {
      const name = keptName({ examId: EXAM, userId: NOBODY }, 'planted', Date.now());
      return (await container(scene, name, 'vdi.keeper')).undo;
    },
  },
  {
    seenAs: 'one',
    words: /also exam_\d+_u99/,
    put: async (scene) => (await container(scene, seatName({ examId: EXAM, userId: NOBODY }), 'vdi.worker')).undo,
  },
  {
    seenAs: 'clean',
    words: /planted-\S+ on the network/,
    put: async (scene) => {
      const { code } = scene.rig;
      const { made, undo } = await container(scene, `planted-${code}`, 'vdi.test', `${code}_exam_net`);
      await made.start();
      return undo;
    },
  },
  {
    seenAs: 'clean',
    words: /new on the host/,
    isRoots: true,
    put: async ({ rig }) => {
      const rule = ['DOCKER-USER', '-i', await bridgeOf(rig, 'exam_net'), '-j', 'RETURN'];
      await run('iptables', ['-w', '-I', ...rule]);
      return () => run('iptables', ['-w', '-D', ...rule]);
    },
  },
  {
    seenAs: 'clean',
    words: /Redis has .*user:98/,
    put: async ({ rig }) => {
      const key = `vdi:session:exam:${EXAM}:user:${NOBODY - 1}`;
      const redis = (...words: string[]) => rig.exec(rig.container('redis').id, ['redis-cli', ...words]);
      await redis('set', key, '{}');
      return () => redis('del', key);
    },
  },
  {
    seenAs: 'locked',
    words: /2 of 3 chains/,
    put: async ({ rig }, { containerId }) => {
      const policy = (is: string) =>
        execIn(
          rig.docker.getContainer(containerId),
          ['nft', 'chain', 'inet', 'exam', 'through', `{ policy ${is}; }`],
          '0:0',
          true,
        );
      await policy('accept');
      return () => policy('drop');
    },
  },
  {
    seenAs: 'same',
    words: /has lost his work/,
    put: async ({ rig }, { containerId, work }) => {
      const write = (text: string) => rig.exec(containerId, ['sh', '-c', `echo '${text}' > ${WORK}`], 'student');
      await write('something else');
      return () => write(work);
    },
  },
  {
    seenAs: 'kept',
    words: /has kept: nothing/,
    put: async ({ rig }) => {
      const kept = (await carriersOf(rig)).find(({ isKept, of }) => isKept && !of?.endsWith('u99'));
      if (!kept) throw new Error('nobody has handed in');
      const own = rig.docker.getContainer(kept.id);
      await own.rename({ name: `planted-kept-${rig.code}` });
      return () => own.rename({ name: kept.name });
    },
  },
  {
    // Guacd still has the last picture of it, and nothing comes after that.
    seenAs: 'seen',
    words: /sees nothing/,
    isRoots: true,
    put: async ({ rig }, { containerId }) => {
      const line = await lineOf(rig, containerId);
      const set = (how: 'up' | 'down') => run('ip', ['link', 'set', line, how]);
      await set('down');
      return () => set('up');
    },
  },
];

/** A look that sees nothing wrong must be able to see it. */
export const looksSee: Fault = {
  name: 'nothing, but what does not belong is put there: is it seen?',
  quick: true,
  act: async (scene) => {
    const { invariants } = scene;
    const [seat] = invariants.seated().values();
    if (!seat) throw new Error('nobody sits here');
    const undo: (() => Promise<unknown>)[] = [];
    const unseen: string[] = [];
    const plants = PLANTS.filter(({ isRoots }) => process.getuid?.() === 0 || !isRoots);
    try {
      for (const plant of plants) undo.unshift(await plant.put(scene, seat));
      const seen = await invariants.painted(0);
      const held: Held = { seen, ...(await invariants.check(false, 0)) };
      for (const { seenAs, words } of plants)
        if (!words.test(String(held[seenAs]))) unseen.push(`${words} in ${seenAs}: ${held[seenAs]}`);
    } finally {
      for (const back of undo) await back();
    }
    if (unseen.length > 0) throw new Error(`not seen: ${unseen.join('; ')}`);
  },
};
