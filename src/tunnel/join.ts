import { setTimeout as pause } from 'node:timers/promises';
import type { Desktop } from '../desktop/desktop.ts';
import type { Log } from '../pool/ports.ts';
import { type GuacdAddress, type GuacdConnection, GuacdRefused, openGuacd, type Screen } from './guacd.ts';

const JOIN_MS = 20_000;
const JOIN_AGAIN_MS = 300;

export interface JoinPorts {
  readonly guacd: GuacdAddress;
  readonly log: Log;
  /** Id of the connection held to this desktop, opening it first when it broke. */
  connectionId(desktop: Desktop): Promise<string>;
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
  while (!signal.aborted && isWanted()) {
    let id = '';
    try {
      id = await ports.connectionId(desktop);
      return await openGuacd(ports.guacd, id, settings, screen, signal);
    } catch (error) {
      const why = error instanceof GuacdRefused ? error.message : String(error);
      if (error instanceof GuacdRefused) ports.loseConnection(desktop, id);
      ports.log.warn({ desktop: desktop.name, why }, 'join failed; trying again');
      await pause(JOIN_AGAIN_MS);
    }
  }
  return undefined;
}
