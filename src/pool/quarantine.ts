import { quarantineName } from '../desktop/names.ts';
import { adopt } from './adopt.ts';
import { inLedger } from './ledger.ts';
import { bestEffort, type PoolParts } from './parts.ts';

const NAME_TRIES = 5;

/**
 * Takes a pool desktop that failed its proof out of service for good: out of reach by its name first, then stopped, and
 * kept for the operator. Nothing brings it back; the refill makes another.
 */
export async function quarantine(parts: PoolParts, containerId: string): Promise<boolean> {
  const { engine, roster, holder, ledger, mirror, log, clock } = parts;
  const desktop = roster.speakForPooled(containerId);
  if (desktop?.proof?.kind !== 'bad') {
    if (desktop) roster.forget(containerId);
    return false;
  }
  const { reason } = desktop.proof;
  const { examId } = desktop.labels;
  try {
    holder.drop(containerId);
    for (let attempt = 0; ; attempt++) {
      const name = quarantineName(examId, clock() + attempt);
      const outcome = await engine.claim(desktop.name, name);
      if (outcome === 'name-taken' && attempt < NAME_TRIES) continue;
      if (outcome !== 'claimed') {
        await adopt(parts);
        return false;
      }
      roster.rename(containerId, name);
      break;
    }
  } finally {
    roster.forget(containerId);
  }
  log.error({ desktop: desktop.name, reason }, 'desktop put into quarantine');
  ledger.record({ kind: 'quarantined', at: clock(), desktop: inLedger(desktop), reason });
  await bestEffort(log, 'pool', mirror.poolLeft(examId, desktop.name));
  await stopQuarantined(parts, containerId);
  return true;
}

/** A desktop in quarantine does not run; one whose stop was cut short is stopped at the next pass. */
export async function stopQuarantined({ engine, roster }: PoolParts, containerId: string): Promise<boolean> {
  await engine.stop(containerId);
  roster.setState(containerId, 'stopped');
  return true;
}

/** The operator had his time, or newer ones need the place. */
export async function removeQuarantined(parts: PoolParts, containerId: string): Promise<boolean> {
  const { engine, roster, history, log } = parts;
  const desktop = roster.get(containerId);
  if (desktop?.place.kind !== 'quarantine') return false;
  const reason = desktop.proof?.kind === 'bad' ? desktop.proof.reason : undefined;
  history.leaving(desktop, 'quarantine-over', reason);
  await engine.remove(desktop.name);
  roster.delete(containerId);
  history.gone(containerId);
  log.info({ desktop: desktop.name, reason }, 'desktop removed from quarantine');
  return true;
}
