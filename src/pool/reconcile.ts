import type { Fit } from '../desktop/capacity.ts';
import { seatOf } from '../desktop/desktop.ts';
import { seatName } from '../desktop/names.ts';
import { plan, type Snapshot, type Step } from '../desktop/plan.ts';
import type { Mould } from '../desktop/rolling.ts';
import type { WorkspaceStep } from '../desktop/workspace.ts';
import { adopt } from './adopt.ts';
import { performForWorkspace, workspaceSteps } from './keep.ts';
import { allDesktops, everyDesktop, freshOf, type PoolParts } from './parts.ts';
import { EngineDown, type StrayVolume } from './ports.ts';
import { quarantine, removeQuarantined, stopQuarantined } from './quarantine.ts';
import { removeFromPool } from './remove.ts';
import { revive } from './restore.ts';
import { lookForRoom } from './room.ts';

const STEPS_A_PASS = 100;

export interface Reconciled {
  /** Desktops seen. */
  readonly seen: number;
  readonly steps: readonly (Step | WorkspaceStep)[];
  readonly done: number;
  /** What the engine refused. */
  readonly failed: number;
  /** More was to do than one pass may: another follows. */
  readonly partial: boolean;
}

/**
 * Brings what runs to what was asked for: looks, decides (pure), acts. A desktop in use is only ever held, or brought
 * back when it stopped.
 * @param dryRun only says what it would do
 */
export async function reconcile(parts: PoolParts, dryRun = false): Promise<Reconciled> {
  await adopt(parts);
  const room = await lookForRoom(parts);
  const strays = await parts.strays.look();
  const snapshot = await takeSnapshot(parts, room, strays);
  // With Redis away at a start it is not known what was asked for: then nobody's warm desktop is too many.
  const all = [
    ...plan(snapshot, parts.asked.wanted, parts.clock()).filter((step) => parts.asked.isKnown || !isSurplus(step)),
    ...workspaceSteps(parts, strays),
  ];
  const steps = all.slice(0, STEPS_A_PASS);
  let done = 0;
  let failed = 0;
  for (const step of dryRun ? [] : steps) {
    try {
      if (await perform(parts, step, snapshot, room)) done++;
    } catch (error) {
      if (error instanceof EngineDown) throw error;
      // A desktop that cannot be removed must not keep those behind it, students' among them, from being looked after.
      parts.log.error({ step, error: String(error) }, 'a step of reconcile failed; tried again at the next pass');
      failed++;
    }
  }
  return { seen: snapshot.desktops.length, steps, done, failed, partial: all.length > steps.length };
}

/** @returns whether it was done; a step whose ground has changed since the look is left to the next pass */
async function perform(parts: PoolParts, step: Step | WorkspaceStep, mould: Mould, room: () => Fit): Promise<boolean> {
  switch (step.kind) {
    case 'remove':
      return step.why === 'quarantine-over'
        ? removeQuarantined(parts, step.containerId)
        : removeFromPool(parts, step.containerId, step.why);
    case 'quarantine':
      return quarantine(parts, step.containerId);
    case 'stop':
      return stopQuarantined(parts, step.containerId);
    case 'make':
      if (mould.imageId === undefined || parts.warmer.pauseMs(step.examId) > 0) return false;
      if (room().count === 0 || !isStillMissing(parts, step.examId, mould)) return false;
      parts.maker.make(step.examId, mould.imageId, 'refill');
      return true;
    case 'hold': {
      const desktop = parts.roster.get(step.containerId);
      if (desktop?.state !== 'ready') return false;
      void parts.warmer.hold(desktop);
      return true;
    }
    case 'restart':
      return restartStopped(parts, step.containerId);
    case 'discard':
      await parts.strays.discard(step.volume);
      return true;
    default:
      return performForWorkspace(parts, step);
  }
}

/** Facts for a plan. */
async function takeSnapshot(parts: PoolParts, room: () => Fit, strays: readonly StrayVolume[]): Promise<Snapshot> {
  const imageId = await parts.engine.imageId();
  const { settings, asked, drain } = parts;
  parts.mould = { imageId, template: settings.template };
  // With those in quarantine, which take no slot.
  const desktops = allDesktops(parts);
  const maxDesktops = everyDesktop(parts).length + room().count;
  const strayVolumes = strays.filter(({ workspace }) => !workspace).map(({ name }) => name);
  return {
    desktops,
    maxDesktops,
    imageId,
    template: settings.template,
    strayVolumes,
    overrides: asked.overrides,
    promised: parts.promises.counts(parts.clock()),
    isDraining: drain.isDraining,
  };
}

function isSurplus(step: Step): boolean {
  return step.kind === 'remove' && step.why === 'surplus';
}

// Students may have had desktops made since the look, and a removal that was to give room may not have been done.
function isStillMissing(parts: PoolParts, examId: number, mould: Mould): boolean {
  const { roster, asked, drain } = parts;
  if (roster.isDoubted || drain.isDraining) return false;
  return freshOf(parts, examId, mould).length < (asked.wanted.get(examId) ?? 0);
}

async function restartStopped(parts: PoolParts, containerId: string): Promise<boolean> {
  const stopped = parts.roster.get(containerId);
  const seat = stopped && seatOf(stopped);
  // One that dies at each start is not started over and over: the pause grows with every failure.
  if (!seat || stopped.state !== 'stopped' || parts.warmer.pauseMs(seat.examId) > 0) return false;
  return parts.turns.with(seatName(seat), async () => {
    const desktop = parts.roster.get(containerId);
    if (desktop?.state !== 'stopped') return false;
    return typeof (await revive(parts, desktop)) !== 'string';
  });
}
