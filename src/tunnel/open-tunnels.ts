import type { WebSocket } from 'ws';
import { type Desktop, seatOf } from '../desktop/desktop.ts';
import type { Clock, Log } from '../pool/ports.ts';
import type { Admitted } from './admission.ts';
import { Pulse } from './pulse.ts';
import type { Relay } from './relay.ts';
import type { SessionBook } from './session-book.ts';
import { STATUS, type Status } from './status.ts';

/** A tunnel whose browser answers within this is in use. */
const ALIVE_MS = 2_000;

/** What becomes of a student's second window: it takes over from the first, or is refused while the first one lives. */
export type SecondTab = 'takeover' | 'refuse';

/** Counts over all tunnels. */
export interface TunnelMeter {
  /** @param ms from the request on */
  opened(ms: number): void;
  bytes(toBrowser: number, toDesktop: number): void;
  latency(ms: number): void;
}

export interface OpenTunnelsPorts {
  readonly secondTab: SecondTab;
  /**
   * So often each browser is asked whether it is there, which also keeps proxies from cutting a connection that looks idle.
   * One that has not answered for two and a half of these has lost its network, though nothing has closed its connection.
   */
  readonly keepAliveMs: number;
  readonly sessions: Pick<SessionBook, 'note'>;
  readonly meter: TunnelMeter;
  readonly clock: Clock;
  readonly log: Log;
}

/** What passes the bytes. */
type Passing = Pick<Relay, 'start' | 'end' | 'isStalled' | 'bytesToBrowser' | 'bytesToDesktop'>;

interface OpenTunnel {
  readonly desktop: Desktop;
  readonly allocation: string | undefined;
  readonly relay: Passing;
  readonly pulse: Pulse;
  /** Bytes that are counted already. */
  counted: { toBrowser: number; toDesktop: number };
}

/** Students' tunnels that are open, one per desktop, and what is told of them. */
export class OpenTunnels {
  readonly #ports: OpenTunnelsPorts;
  readonly #open = new Map<string, OpenTunnel>();
  readonly #beat: NodeJS.Timeout;

  constructor(ports: OpenTunnelsPorts) {
    this.#ports = ports;
    this.#beat = setInterval(() => this.#askAll(), ports.keepAliveMs).unref();
  }

  /** Whether another window may open this desktop now. */
  async mayOpen(containerId: string): Promise<boolean> {
    const open = this.#open.get(containerId);
    if (this.#ports.secondTab === 'takeover' || !open) return true;
    // One that lost its network looks open for a while: its student must not be kept out by his own ghost.
    const isAlive = await open.pulse.answers(ALIVE_MS);
    return !isAlive || !this.#open.has(containerId);
  }

  /**
   * Before another joins: guacd writes to its users in turn, and one whose browser takes nothing would keep the next waiting
   * for the picture.
   */
  makeWay(containerId: string): void {
    const relay = this.#open.get(containerId)?.relay;
    if (relay?.isStalled) relay.end(STATUS.takenOver);
  }

  /** Opens a tunnel; one that is open to the same desktop is told and ended. */
  open(browser: WebSocket, relay: Passing, { desktop, session, askedAt }: Admitted & { askedAt: number }): void {
    const { log, meter } = this.#ports;
    const { containerId, name } = desktop;
    const allocation = session?.allocation;
    const before = this.#open.get(containerId);
    const pulse = new Pulse(browser, this.#ports.clock, (ms) => meter.latency(ms));
    const tunnel: OpenTunnel = { desktop, allocation, relay, pulse, counted: { toBrowser: 0, toDesktop: 0 } };
    this.#open.set(containerId, tunnel);
    before?.relay.end(STATUS.takenOver);
    relay.start(() => {
      const isLast = this.#open.get(containerId) === tunnel;
      if (isLast) this.#open.delete(containerId);
      this.#tell(tunnel, !isLast);
      const { bytesToBrowser, bytesToDesktop } = relay;
      log.info({ desktop: name, bytesToBrowser, bytesToDesktop }, 'tunnel closed');
    });
    this.#tell(tunnel, true, 1);
    meter.opened(this.#ports.clock() - askedAt);
    log.info({ desktop: name }, 'tunnel open');
  }

  end(containerId: string, status: Status): void {
    this.#open.get(containerId)?.relay.end(status);
  }

  /** Desktops with a tunnel open now, by container id. */
  ids(): ReadonlySet<string> {
    return new Set(this.#open.keys());
  }

  close(): void {
    clearInterval(this.#beat);
    for (const { relay } of this.#open.values()) relay.end(STATUS.serverBusy);
  }

  #askAll(): void {
    for (const tunnel of this.#open.values()) {
      if (tunnel.pulse.isLost(this.#ports.keepAliveMs)) tunnel.relay.end(STATUS.tooSlow);
      else this.#tell(tunnel, true);
    }
  }

  /**
   * Writes down what has come since the last time.
   * @param connected whether a tunnel of this session is open now
   * @param opened tunnels that were opened since
   */
  #tell(tunnel: OpenTunnel, connected: boolean, opened = 0): void {
    const { sessions, meter, clock } = this.#ports;
    const { relay, pulse, counted, desktop, allocation } = tunnel;
    const toBrowser = relay.bytesToBrowser - counted.toBrowser;
    const toDesktop = relay.bytesToDesktop - counted.toDesktop;
    tunnel.counted = { toBrowser: relay.bytesToBrowser, toDesktop: relay.bytesToDesktop };
    meter.bytes(toBrowser, toDesktop);
    pulse.beat();
    const seat = seatOf(desktop);
    if (!seat || allocation === undefined) return;
    sessions.note(seat, allocation, (record) => ({
      connected,
      lastSeenAt: clock(),
      tunnels: record.tunnels + opened,
      bytesToBrowser: record.bytesToBrowser + toBrowser,
      bytesToDesktop: record.bytesToDesktop + toDesktop,
      latencyMs: pulse.latencyMs ?? record.latencyMs,
    }));
  }
}
