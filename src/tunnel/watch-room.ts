import type { WebSocket } from 'ws';
import type { Desktop } from '../desktop/desktop.ts';
import { inLedger } from '../pool/ledger.ts';
import type { Clock, Ledger } from '../pool/ports.ts';
import type { Watcher } from './admit-watcher.ts';
import { type JoinPorts, join } from './join.ts';
import { WATCHER } from './policy.ts';
import { Pulse } from './pulse.ts';
import { joinSettings } from './rdp-settings.ts';
import { endWith, Relay } from './relay.ts';
import { STATUS } from './status.ts';

/** Each watcher is one more user to whom guacd sends every picture. */
const MOST_WATCHERS = 4;
/** What a watcher says of his window is not heard: the screen is the student's. */
const SCREEN = { width: 1280, height: 800, dpi: 96 };

export interface WatchRoomPorts extends JoinPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** How often each is asked whether he is there. */
  readonly keepAliveMs: number;
  /** The session is still this desktop's. */
  isStill(desktop: Desktop): boolean;
}

interface WatcherSeat {
  /** Undefined while guacd is being asked. */
  relay?: Relay | undefined;
}

/**
 * Proctors who look at running sessions. Each joins the desktop's held connection as a user of its own that may say
 * nothing, beside the student's tunnel and not through it. Who watched whom is told to the ledger.
 */
export class WatchRoom {
  readonly #ports: WatchRoomPorts;
  /** By container id. Those still joining count: else four more could come in while guacd answers. */
  readonly #seats = new Map<string, Set<WatcherSeat>>();

  constructor(ports: WatchRoomPorts) {
    this.#ports = ports;
  }

  /** Lets an admitted watcher look until either side ends it. */
  async serve(browser: WebSocket, desktop: Desktop, watcher: Watcher): Promise<void> {
    const seats = this.#seats.get(desktop.containerId) ?? new Set<WatcherSeat>();
    if (seats.size >= MOST_WATCHERS) return endWith(browser, STATUS.serverBusy);
    this.#seats.set(desktop.containerId, seats);
    const seat: WatcherSeat = {};
    seats.add(seat);
    const leave = (): void => {
      seats.delete(seat);
      if (seats.size === 0) this.#seats.delete(desktop.containerId);
    };
    try {
      seat.relay = await this.#open(browser, desktop);
    } finally {
      if (!seat.relay) leave();
    }
    if (seat.relay) this.#follow(browser, seat.relay, desktop, watcher, leave);
  }

  /** How many look at this desktop now. */
  count(containerId: string): number {
    return this.#seats.get(containerId)?.size ?? 0;
  }

  /** The session is over, or the desktop stopped. */
  endSession(containerId: string): void {
    for (const { relay } of this.#seats.get(containerId) ?? []) relay?.end(STATUS.sessionOver);
  }

  close(): void {
    for (const seats of this.#seats.values()) for (const { relay } of seats) relay?.end(STATUS.serverBusy);
  }

  async #open(browser: WebSocket, desktop: Desktop): Promise<Relay | undefined> {
    const isWanted = (): boolean => browser.readyState === browser.OPEN;
    const guacd = await join(this.#ports, desktop, { screen: SCREEN, settings: joinSettings(WATCHER), isWanted });
    if (guacd && isWanted() && this.#ports.isStill(desktop)) return new Relay(browser, guacd, WATCHER);
    guacd?.socket.destroy();
    endWith(browser, guacd ? STATUS.sessionOver : STATUS.noAnswer);
    return undefined;
  }

  #follow(browser: WebSocket, relay: Relay, desktop: Desktop, watcher: Watcher, leave: () => void): void {
    const { ledger, clock, log, keepAliveMs } = this.#ports;
    const about = { desktop: desktop.name, watcher: watcher.username, role: watcher.role };
    const began = clock();
    ledger.record({ kind: 'watch-began', at: began, desktop: inLedger(desktop), ...watched(watcher) });
    log.info(about, 'watch began');
    const pulse = new Pulse(browser, clock, () => undefined);
    const asking = setInterval(() => {
      if (pulse.isLost(keepAliveMs)) relay.end(STATUS.tooSlow);
      else pulse.beat();
    }, keepAliveMs).unref();
    relay.start(() => {
      clearInterval(asking);
      leave();
      const at = clock();
      const seconds = Math.max(0, Math.round((at - began) / 1000));
      ledger.record({ kind: 'watch-ended', at, desktop: inLedger(desktop), ...watched(watcher), seconds });
      log.info({ ...about, seconds }, 'watch ended');
    });
  }
}

function watched({ userId, username, role }: Watcher): { watcherId: number; watcher: string; role: string } {
  return { watcherId: userId, watcher: username, role };
}
