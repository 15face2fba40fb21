import { isQuarantined } from '../desktop/desktop.ts';
import { bestEffort, type PoolParts } from './parts.ts';

/** Makes the roster equal to the engine's list, and follows every desktop that has not said how it stands. */
export async function adopt(parts: PoolParts): Promise<void> {
  const { engine, roster, maker, warmer, holder, history, prover, mirror, workspaces, log } = parts;
  const first = !roster.isAdopted;
  // Before the desktops: from then on students are seated, and who has files here must be known.
  await workspaces.look();
  const gone = await roster.look(async () =>
    (await engine.list()).filter((container) => !maker.isUnborn(container.labels.desktopId)),
  );
  workspaces.seen(roster.all());
  history.looked(roster);
  for (const containerId of gone) holder.drop(containerId);
  for (const desktop of roster.all()) {
    if (desktop.state === 'starting') void warmer.bringUp(desktop.containerId);
    if (desktop.state === 'stopped') holder.drop(desktop.containerId);
    // Why it was put there is in what it told.
    if (isQuarantined(desktop) && !desktop.proof) prover.watch(desktop.containerId);
  }
  if (first || gone.length > 0) await bestEffort(log, 'everything', mirror.rewrite(roster.all()));
}

/**
 * Before the first look at the engine nothing is known: a student's own desktop would not be found, and a full host
 * would look empty. Costs nothing after that.
 */
export async function adoptOnce(parts: PoolParts): Promise<void> {
  if (parts.roster.isAdopted) return;
  await parts.turns.with('adopt', async () => {
    if (!parts.roster.isAdopted) await adopt(parts);
  });
}

/** Looks again where a desktop may be on the engine that is not in the roster, so that the host is never overfilled. */
export async function adoptDoubted(parts: PoolParts): Promise<void> {
  if (!parts.roster.isDoubted) return;
  await parts.turns.with('adopt', async () => {
    if (parts.roster.isDoubted) await adopt(parts);
  });
}
