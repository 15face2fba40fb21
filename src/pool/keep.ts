import { assertNever } from '../desktop/assert-never.ts';
import { type Seat, seatName } from '../desktop/names.ts';
import { type Carrier, planWorkspaces, type WorkspaceStep } from '../desktop/workspace.ts';
import { allDesktops, type PoolParts } from './parts.ts';
import { EngineDown, type StrayVolume } from './ports.ts';
import { restore } from './restore.ts';

/** A full disk refuses each time, and each refusal is an event of the engine that asks for another pass. */
const REST_MS = 5_000;
/** As long as a volume that lost its desktop by somebody's hand. */
const UNRELEASED_MS = 3_600_000;
/** While students come, the engine has better things to do than carriers. */
const RUSH_MS = 2_000;

/** What is to be done for students' files now. */
export function workspaceSteps(parts: PoolParts, strays: readonly StrayVolume[]): WorkspaceStep[] {
  const { workspaces, settings, clock } = parts;
  const lost = strays.flatMap(({ workspace }) => workspace ?? []);
  return planWorkspaces(
    {
      desktops: allDesktops(parts),
      carriers: workspaces.carriers,
      seated: workspaces.seated,
      lost,
      // With 0 a release ends the files itself: what is left was never released, and its student may come back.
      keepMs: settings.workspaceKeepMs || UNRELEASED_MS,
    },
    clock(),
  );
}

/**
 * Does one step, each looked at again in the student's turn. One that the engine refuses holds up nobody else's.
 * @returns whether it was done
 */
export async function performForWorkspace(parts: PoolParts, step: WorkspaceStep): Promise<boolean> {
  const { workspaces, clock, nudge } = parts;
  const { name } = step;
  // Either way: a clock that was set back must not hold it up.
  if (Math.abs(clock() - (workspaces.refusedAt.get(name) ?? Number.NEGATIVE_INFINITY)) < REST_MS) return false;
  try {
    const isDone = await perform(parts, step);
    workspaces.refusedAt.delete(name);
    return isDone;
  } catch (error) {
    if (error instanceof EngineDown) throw error;
    workspaces.refusedAt.set(name, clock());
    setTimeout(nudge, REST_MS).unref();
    throw error;
  }
}

/** Removes what a student left. Cut off in the middle, the rest is removed as soon as the engine answers. */
export async function expire({ workspaces, strays }: PoolParts, carrier: Carrier): Promise<void> {
  try {
    await workspaces.expire(carrier);
  } catch (error) {
    strays.lookSoon();
    throw error;
  }
}

async function perform(parts: PoolParts, step: WorkspaceStep): Promise<boolean> {
  const { workspaces, strays, turns, rush, clock } = parts;
  switch (step.kind) {
    case 'carry':
      // Either way: a clock that was set back must not hold them up.
      if (Math.abs(clock() - rush.lastJoinAt) < RUSH_MS) return false;
      return turns.with(step.name, async () => {
        const session = workspaces.seated.get(step.session.volume);
        if (!session) return false;
        // Gone, files and all: nothing is left that could be given back.
        if (!(await workspaces.carry(session))) workspaces.forget(session.volume);
        return true;
      });
    case 'keep':
      return turns.with(step.name, async () => {
        const carrier = unmounted(parts, step.volume);
        if (carrier?.keptSince !== undefined || !carrier?.seat || goesOn(parts, carrier, carrier.seat)) return false;
        await workspaces.keepCarried(carrier, carrier.seat);
        return true;
      });
    case 'restore':
      return turns.with(step.name, async () => {
        const carrier = unmounted(parts, step.volume);
        if (carrier?.keptSince !== undefined || !carrier?.seat || !goesOn(parts, carrier, carrier.seat)) return false;
        return typeof (await restore(parts, carrier.seat, carrier)) !== 'string';
      });
    case 'expire':
      return turns.with(ownerOf(parts, step.name), async () => {
        const carrier = workspaces.carriers.find(({ name }) => name === step.name);
        if (!carrier || isMounted(parts, carrier.volume)) return false;
        await expire(parts, carrier);
        return true;
      });
    case 'find':
      strays.forget(step.lost.volume);
      await workspaces.find(step.lost);
      return true;
    default:
      return assertNever(step);
  }
}

function ownerOf({ workspaces }: PoolParts, name: string): string {
  const seat = workspaces.carriers.find((carrier) => carrier.name === name)?.seat;
  return seat ? seatName(seat) : name;
}

function unmounted(parts: PoolParts, volume: string): Carrier | undefined {
  if (isMounted(parts, volume)) return undefined;
  return parts.workspaces.carriers.find((carrier) => carrier.volume === volume && carrier.keptSince === undefined);
}

function isMounted(parts: PoolParts, volume: string): boolean {
  return allDesktops(parts).some((desktop) => desktop.volume === volume);
}

/** His session was seen here and has not been ended. */
function goesOn({ roster, workspaces }: PoolParts, { volume }: Carrier, seat: Seat): boolean {
  return workspaces.seated.has(volume) && !roster.atSeat(seat);
}
