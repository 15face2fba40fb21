import { type Desktop, isPooled, isUsable } from '../desktop/desktop.ts';
import type { Overrides } from '../desktop/overrides.ts';
import { adoptDoubted } from './adopt.ts';
import { everyDesktop, imageForNew, type PoolParts } from './parts.ts';
import { keep } from './recall.ts';
import { lookForRoom } from './room.ts';

/** The contract's four numbers, true at the moment of the answer. */
export interface Prewarmed {
  readonly requested: number;
  /** Being made for this request now. */
  readonly created: number;
  /** Asked for, but the host has no slot for them. */
  readonly failed: number;
  /** Ready to be taken now. */
  readonly poolAvailable: number;
}

/**
 * Asks for `count` free desktops for an exam, and for refills as students take them, until another count is asked for
 * (0 ends it). Answers at once; the desktops come up in the background. Asking twice is asking once.
 */
export async function prewarm(
  parts: PoolParts,
  examId: number,
  count: number,
  overrides: Overrides | undefined,
): Promise<Prewarmed> {
  const { asked, drain } = parts;
  asked.ask(examId, count, overrides);
  await keep(parts);
  const imageId = await imageForNew(parts);
  await adoptDoubted(parts);
  const room = await lookForRoom(parts);
  const all = everyDesktop(parts);
  const ofExam = (desktop: Desktop): boolean => isPooled(desktop) && desktop.labels.examId === examId;
  const pooled = all.filter((desktop) => ofExam(desktop) && asked.fits(desktop));
  const usable = pooled.filter(isUsable).length;
  const coming = pooled.filter((desktop) => desktop.state === 'starting').length;
  const missing = Math.max(0, count - usable - coming);
  const started = drain.isDraining ? 0 : Math.min(missing, room().count);
  for (let made = 0; made < started; made++) parts.maker.make(examId, imageId, 'refill');
  parts.nudge();
  return {
    requested: count,
    created: Math.min(coming, Math.max(0, count - usable)) + started,
    failed: missing - started,
    poolAvailable: usable,
  };
}
