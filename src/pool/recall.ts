import { adoptOnce } from './adopt.ts';
import { type AskedOf, askedByWhatRuns } from './asked.ts';
import { bestEffort, type PoolParts } from './parts.ts';

/**
 * Reads what an earlier run was asked, and where nothing remembers it, what shows in the desktops that run.
 * Costs nothing once it is known.
 */
export async function recall(parts: PoolParts): Promise<void> {
  const { asked, roster, log } = parts;
  if (asked.isKnown) return;
  try {
    await readMemory(parts);
    if (asked.isKnown) return;
    await adoptOnce(parts);
    asked.takeIn({ ...askedByWhatRuns(roster.all()), isKnown: true });
    await keep(parts);
  } catch (error) {
    log.warn({ error: String(error) }, 'asked-for pools not known yet; trying again soon');
  }
}

const NOTHING: AskedOf = { wanted: new Map(), overrides: new Map(), isKnown: false };

/** Writes down what was asked for, after what is written down already has been taken in: else it would be lost. */
export async function keep(parts: PoolParts): Promise<void> {
  const { asked, mirror, log } = parts;
  const write = async (): Promise<void> => {
    await readMemory(parts);
    await mirror.saveAsked(asked);
  };
  await bestEffort(log, 'asked-for pools', write());
}

async function readMemory({ asked, mirror }: PoolParts): Promise<void> {
  if (asked.isRead) return;
  asked.takeIn((await mirror.loadAsked()) ?? NOTHING);
}
