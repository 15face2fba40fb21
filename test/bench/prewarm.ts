import { Pace } from '../../src/pool/pace.ts';
import type { Rig } from '../rig/rig.ts';
import { atMost, examId, type Ground, type Measured, prewarm, untilWarm } from './ground.ts';
import { PlainDesktops } from './plain.ts';
import { median, rounded, summary, timed } from './stats.ts';

const COUNT = 10;
const ROUNDS = 3;
const CREATE_WIDTH = 4;
/** Another round has to fit into the bench's time too. */
const LAST_ROUND_BEFORE_S = 140;

/** Ten desktops from nothing to warm by one prewarm call, beside ten times plain `docker run` until each says it is ready. */
export async function measure(ground: Ground): Promise<Measured> {
  const rig = await ground.worker(COUNT);
  let pageless = 0;
  const calls: number[] = [];
  const warm: number[] = [];
  // Two ways to pace plain runs; the product is held against the better one.
  const paced: Record<'creates' | 'whole', number[]> = { creates: [], whole: [] };
  for (let round = 1; round <= ROUNDS && ground.seconds < LAST_ROUND_BEFORE_S; round++) {
    const exam = examId(round);
    const ours = await timed(async () => {
      calls.push(await prewarm(rig, exam, COUNT));
      await untilWarm(rig, exam, COUNT);
    });
    warm.push(ours.ms);
    const like = (await rig.desktops())[0]?.Id ?? '';
    const plain = await PlainDesktops.like(ground, rig, like);
    await takeDown(rig, exam);
    for (const pace of ['creates', 'whole'] as const) {
      const { ms } = await timed(() => runPlain(plain, pace));
      paced[pace].push(ms);
      await plain.removeAll();
      pageless += plain.pageless;
      plain.pageless = 0;
    }
    ground.say(
      `round ${round}: warm ${rounded(ours.ms)} ms, plain ${paced.creates.at(-1)?.toFixed()} / ${paced.whole.at(-1)?.toFixed()} ms`,
    );
  }
  const best = Math.min(median(paced.creates), median(paced.whole));
  const ratio = rounded(median(warm) / best);
  return {
    figures: {
      [`${COUNT} to warm ms`]: summary(warm),
      'prewarm call ms': summary(calls),
      [`${COUNT} plain to ready, ${CREATE_WIDTH} creates at a time, ms`]: summary(paced.creates),
      [`${COUNT} plain to ready, ${CREATE_WIDTH} at a time until ready, ms`]: summary(paced.whole),
      'plain desktops whose exam page did not load in time': pageless,
      'warm includes': 'the held guacd connection with its first frame; plain ends at the desktop’s ready event',
    },
    ratios: { 'warm / best plain': ratio },
    goals: [
      atMost(`${COUNT} warm / ${COUNT} plain docker run, medians`, 1.2, ratio),
      atMost('prewarm call answers within, ms', 2000, summary(calls).p99),
    ],
  };
}

async function runPlain(plain: PlainDesktops, pace: 'creates' | 'whole'): Promise<void> {
  const width = new Pace(CREATE_WIDTH);
  await Promise.all(
    Array.from({ length: COUNT }, async () => {
      const desktop = await width.with(async () => {
        const made = await plain.run();
        if (pace === 'whole') await plain.ready(made);
        return made;
      });
      if (pace === 'creates') await plain.ready(desktop);
    }),
  );
}

/** Empties the pool the only way that does not wait for the surplus' grace: students take the desktops and leave. */
async function takeDown(rig: Rig, examId: number): Promise<void> {
  await prewarm(rig, examId, 0);
  for (let userId = 1; userId <= COUNT; userId++) await rig.call('/api/vdi/cluster/allocate', { examId, userId });
  await Promise.all(
    Array.from({ length: COUNT }, (_, index) => rig.call('/api/vdi/cluster/release', { examId, userId: index + 1 })),
  );
  await rig.until('an empty worker', async () => (await rig.desktops()).length === 0);
}
