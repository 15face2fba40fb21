import type { Fit } from '../desktop/capacity.ts';
import { type Desktop, isPooled, isUsable } from '../desktop/desktop.ts';
import { type Seat, seatName } from '../desktop/names.ts';
import { isOld } from '../desktop/rolling.ts';
import type { Carrier } from '../desktop/workspace.ts';
import { adopt, adoptDoubted, adoptOnce } from './adopt.ts';
import { makeWayFor } from './make-way.ts';
import { bestEffort, everyDesktop, imageForNew, type PoolParts, saveSession } from './parts.ts';
import { EngineDown, ImageMissing, type Source } from './ports.ts';
import { restore, revive } from './restore.ts';
import { lookForRoom } from './room.ts';

/**
 * Why no desktop was given. Each is worth another try:
 * - `pool-empty`: one is being made and was not there in time
 * - `host-full`: every slot is taken, or the host has no memory, disk or threads left for one more
 * - `engine-down`: the container engine does not answer
 * - `desktops-failing`: new desktops do not come up; status says why
 * - `draining`: the worker takes nobody new
 * - `image-missing`: there is nothing to make desktops from
 * - `desktop-restarting`: the student's own desktop had stopped and is coming back
 * - `name-taken`: another worker of this engine has a desktop for a student and exam of these numbers
 */
export type Refusal =
  | 'pool-empty'
  | 'host-full'
  | 'engine-down'
  | 'desktops-failing'
  | 'draining'
  | 'image-missing'
  | 'desktop-restarting'
  | 'name-taken';

export type Allocation =
  | { readonly kind: 'seated'; readonly desktop: Desktop }
  | { readonly kind: 'refused'; readonly reason: Refusal };

/** Beyond the time in which a desktop may still come: an answer that knows why comes before it. Of a short time an eighth. */
const LAST_WORD_MS = 500;

/**
 * Gives the student a desktop: the one that is already his, else a warm one, else a new one if it comes up in time.
 * One at a time per student; the container's name makes it exactly one even across restarts of this process.
 */
export async function allocate(parts: PoolParts, seat: Seat, withinMs: number): Promise<Allocation> {
  const deadline = parts.clock() + withinMs;
  parts.rush.lastJoinAt = parts.clock();
  const answer = parts.turns.with(seatName(seat), async () => {
    try {
      await adoptOnce(parts);
      const own = parts.roster.atSeat(seat);
      const files = parts.workspaces.of(seat);
      if (own || files) parts.promises.end(seat);
      if (own) return await returnTo(parts, own, deadline);
      if (files) return await comeBack(parts, seat, files, deadline);
      return await seatAnew(parts, seat, deadline);
    } catch (error) {
      if (error instanceof EngineDown) return refuse('engine-down');
      if (error instanceof ImageMissing) return refuse('image-missing');
      throw error;
    }
  });
  return inTime(answer, withinMs + Math.min(LAST_WORD_MS, withinMs / 8));
}

/** Whatever an engine still does that answers slowly: its caller hears something while he listens. */
async function inTime(answer: Promise<Allocation>, ms: number): Promise<Allocation> {
  const late = Promise.withResolvers<Allocation>();
  const timer = setTimeout(() => late.resolve(refuse('engine-down')), ms).unref();
  return Promise.race([answer, late.promise]).finally(() => clearTimeout(timer));
}

async function returnTo(parts: PoolParts, own: Desktop, deadline: number): Promise<Allocation> {
  // Whatever its image: what he has open stays open.
  const back = own.state === 'stopped' || own.state === 'failed' ? await revive(parts, own) : own;
  if (typeof back === 'string') return refuse(back);
  if (back === own && !isUsable(own)) void parts.warmer.bringUp(own.containerId);
  return awaitOwn(parts, back, deadline);
}

/** His files are here and his desktop is not: it died, or he joins an exam again that he had left. */
async function comeBack(parts: PoolParts, seat: Seat, files: Carrier, deadline: number): Promise<Allocation> {
  const own = await restore(parts, seat, files);
  return typeof own === 'string' ? refuse(own) : awaitOwn(parts, own, deadline);
}

async function awaitOwn(parts: PoolParts, own: Desktop, deadline: number): Promise<Allocation> {
  for (;;) {
    const now = parts.roster.get(own.containerId);
    if (now && isUsable(now)) return { kind: 'seated', desktop: now };
    const left = deadline - parts.clock();
    if (!now || now.state === 'failed' || left <= 0) return refuse('desktop-restarting');
    await parts.warmer.nextChange(left);
  }
}

async function seatAnew(parts: PoolParts, seat: Seat, deadline: number): Promise<Allocation> {
  const answer = await waitForOne(parts, seat, deadline);
  // He is expected back only where one is being made for him.
  if (answer.kind === 'seated' || answer.reason !== 'pool-empty') parts.promises.end(seat);
  return answer;
}

async function waitForOne(parts: PoolParts, seat: Seat, deadline: number): Promise<Allocation> {
  const { asked, drain, roster, promises, clock } = parts;
  let source: Source = 'pool';
  for (;;) {
    if (drain.isDraining) return refuse('draining');
    const candidate = roster.speakFor(
      seat.examId,
      promises.ahead(seat, clock()),
      (desktop) => asked.fits(desktop),
      (desktop) => isOld(desktop, parts.mould),
    );
    if (candidate) {
      promises.serve(seat, true);
      const seated = await claim(parts, candidate, seat, source).finally(() => {
        promises.serve(seat, false);
        roster.forget(candidate.containerId);
      });
      if (seated === 'name-taken') return refuse('name-taken');
      if (!seated) continue;
      promises.end(seat);
      return await returnTo(parts, seated, deadline);
    }
    source = 'cold';
    promises.ask(seat, clock());
    const left = deadline - clock();
    if (left <= 0) return refuse('pool-empty');
    const imageId = await imageForNew(parts);
    await adoptDoubted(parts);
    const room = await lookForRoom(parts);
    const wait = await awaitDesktop(parts, seat, imageId, room, left);
    if (wait !== 'changed') return refuse(wait);
  }
}

type Wait = 'changed' | Refusal;

/** Waits for a change, with one desktop there or under way per promised student of this exam where the host has room. */
async function awaitDesktop(parts: PoolParts, seat: Seat, imageId: string, room: () => Fit, ms: number): Promise<Wait> {
  const { rush, maker, warmer, asked, roster, promises, clock } = parts;
  const { examId } = seat;
  const fits = (desktop: Desktop): boolean => asked.fits(desktop);
  const free = roster.free(examId, fits).length;
  const ahead = promises.ahead(seat, clock());
  // While the engine was asked, one came up.
  if (free > ahead) return 'changed';
  rush.waiting++;
  try {
    const coming = everyDesktop(parts).filter((desktop) => isComing(desktop, examId) && fits(desktop)).length;
    const there = free + coming;
    const students = promises.count(examId, clock());
    maker.hurry(examId, students);
    if (there < students) {
      const full = room().count === 0 && !(maker.giveWay() && room().count > 0);
      const failing = warmer.pauseMs(examId, 'student') > 0;
      // For a student one is tried before the refill's pause is over, but no more than one.
      const trying = coming > 0 && warmer.pauseMs(examId) > 0;
      const noneForHim = there <= ahead;
      if (noneForHim && failing) return 'desktops-failing';
      if (noneForHim && full) {
        if (!(await makeWayFor(parts, examId)) || room().count === 0) return 'host-full';
        // In the same turn: the slot is his before a pool takes it again.
        maker.make(examId, imageId, 'student');
        return 'changed';
      }
      if (!full && !failing && !trying) maker.make(examId, imageId, 'student');
    }
    // Those before him may be expected no more.
    await warmer.nextChange(Math.min(ms, promises.nextEndMs(examId, clock())));
    return 'changed';
  } finally {
    rush.waiting--;
  }
}

function isComing(desktop: Desktop, examId: number): boolean {
  return isPooled(desktop) && desktop.labels.examId === examId && desktop.state === 'starting';
}

async function claim(
  parts: PoolParts,
  candidate: Desktop,
  seat: Seat,
  source: Source,
): Promise<Desktop | 'name-taken' | undefined> {
  const { engine, roster, history, prover, mirror, log } = parts;
  const name = seatName(seat);
  const outcome = await engine.claim(candidate.name, name);
  if (outcome !== 'claimed') {
    // Something is not as we knew it: a claim whose answer was lost, or somebody's hand. Look before going on.
    await adopt(parts);
    const own = roster.atSeat(seat);
    if (own || outcome === 'gone') return own;
    log.error({ container: name }, 'a container of this name on this engine is not this worker’s');
    return 'name-taken';
  }
  const desktop = roster.rename(candidate.containerId, name);
  if (desktop) history.began(desktop, source);
  if (desktop) prover.claimed(desktop);
  await saveSession(parts, seat, source);
  await bestEffort(log, 'pool', mirror.poolLeft(seat.examId, candidate.name));
  log.info({ ...seat, desktop: candidate.name, source }, 'desktop allocated');
  parts.nudge();
  return desktop;
}

function refuse(reason: Refusal): Allocation {
  return { kind: 'refused', reason };
}
