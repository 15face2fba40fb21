import { setTimeout as pause } from 'node:timers/promises';
import type { Desktop } from '../desktop/desktop.ts';
import type { Log } from '../pool/ports.ts';
import { type GuacdConnection, GuacdRefused, openGuacd, type Screen, speaks } from './guacd.ts';
import type { HeldConnection } from './holder.ts';

const JOIN_MS = 20_000;
const JOIN_AGAIN_MS = 300;
/** A join is drawn for within milliseconds. One in a connection that is ending, or at a guacd that hangs, never is. */
const SILENT_MS = 3_000;

export interface JoinPorts {
  readonly log: Log;
  /** The connection held to this desktop, opened first when it broke. */
  connection(desktop: Desktop): Promise<HeldConnection>;
  /** guacd refused a join of this id. */
  loseConnection(desktop: Desktop, id: string): void;
}

export interface Joiner {
  readonly screen: Screen;
  /** What guacd gets for this user of the connection (rdp-settings.ts). */
  readonly settings: Readonly<Record<string, string>>;
  /** False when nobody waits for the join any more. */
  isWanted(): boolean;
}

/** Joins the held connection; tries again while guacd or the holder comes back. Undefined when it did not in time. */
export async function join(
  ports: JoinPorts,
  desktop: Desktop,
  { screen, settings, isWanted }: Joiner,
): Promise<GuacdConnection | undefined> {
  const signal = AbortSignal.timeout(JOIN_MS);
  let silences = 0;
  while (!signal.aborted && isWanted()) {
    let held: HeldConnection | undefined;
    try {
      held = await ports.connection(desktop);
      const patience = AbortSignal.any([signal, held.over, AbortSignal.timeout(SILENT_MS)]);
      const joined = endWithHeld(await openGuacd(held.guacd, held.id, settings, screen, patience), held);
      if (await speaks(joined, patience)) return joined;
      joined.socket.destroy();
      // The first may be this join's own misfortune; the connection itself is given up after the second.
      if (++silences > 1) ports.loseConnection(desktop, held.id);
      throw new Error('guacd took the join and drew nothing');
    } catch (error) {
      const why = error instanceof GuacdRefused ? error.message : String(error);
      if (held && error instanceof GuacdRefused) ports.loseConnection(desktop, held.id);
      ports.log.warn({ desktop: desktop.name, why }, 'join failed; trying again');
      await pause(JOIN_AGAIN_MS);
    }
  }
  return undefined;
}

/** guacd keeps a dead connection's users until each says something, and a student who sees nothing says nothing. */
function endWithHeld(joined: GuacdConnection, { over }: HeldConnection): GuacdConnection {
  const { socket } = joined;
  const end = (): unknown => socket.destroy();
  if (over.aborted) end();
  over.addEventListener('abort', end, { once: true });
  socket.once('close', () => over.removeEventListener('abort', end));
  return joined;
}
