import type { WorkerSettings } from './config.ts';
import type { Desktop } from './desktop/desktop.ts';
import type { Seat } from './desktop/names.ts';
import type { Metrics } from './http/metrics.ts';
import type { Log } from './pool/ports.ts';
import { connectionKey, makeConnectionToken } from './tunnel/connection-token.ts';
import { TUNNEL_PATH, TunnelDoor } from './tunnel/door.ts';
import { Entrance } from './tunnel/entrance.ts';
import { Handshakes } from './tunnel/handshakes.ts';
import type { JoinPorts } from './tunnel/join.ts';
import type { Onlookers } from './tunnel/onlookers.ts';
import { OpenTunnels } from './tunnel/open-tunnels.ts';
import { type Clipboard, studentRights } from './tunnel/policy.ts';
import { SessionBook, type SessionStore } from './tunnel/session-book.ts';
import { tokenKey } from './tunnel/token.ts';
import { TokenBook, type TokenStore } from './tunnel/token-book.ts';

/** A connection token opens a first tunnel within this. */
const CONNECTION_MS = 5 * 60_000;

/** What allocate answers beside the contract: with what the student's page opens the tunnel. */
export interface Connection {
  /** Where; only the path where the worker does not know its address as browsers reach it. */
  readonly url: string;
  readonly token: string;
  /** ISO time until which a first tunnel opens. */
  readonly expiresAt: string;
  /** Which way text may go between the student's own computer and the desktop: his page need not ask for what is dropped. */
  readonly clipboard: Clipboard;
  /** The screen is recorded: his page tells him. */
  readonly recorded: boolean;
}

interface TunnelParts {
  readonly settings: Pick<WorkerSettings, 'guacTokenKey' | 'jwtSecret' | 'tunnel' | 'policy' | 'recording'>;
  readonly maxDesktops: number;
  readonly store: SessionStore;
  readonly tokens: TokenStore;
  readonly metrics: Pick<Metrics, 'opened' | 'bytes' | 'latency' | 'refused' | 'watchOpen'>;
  readonly log: Log;
  readonly onlookers: Pick<Onlookers, 'watch' | 'record' | 'endSession' | 'close'>;
  readonly joining: Omit<JoinPorts, 'log'>;
  atAddress(ip: string): Desktop | undefined;
  atSeat(seat: Seat): Desktop | undefined;
}

export interface Tunnel {
  readonly door: TunnelDoor;
  readonly sessions: SessionBook;
  readonly tunnels: OpenTunnels;
  connectionOf(seat: Seat): Promise<Connection>;
}

/** Puts together who gets in, by what, and what is known of it. */
export function openTunnel(parts: TunnelParts): Tunnel {
  const { settings, maxDesktops, store, metrics, log } = parts;
  const clock = Date.now;
  const key = connectionKey(settings.guacTokenKey);
  const url = `${(settings.tunnel.url ?? '').replace(/\/+$/, '')}${TUNNEL_PATH}`;
  const sessions = new SessionBook(store, clock);
  const { secondTab, keepAliveMs } = settings.tunnel;
  const tunnels = new OpenTunnels({ secondTab, keepAliveMs, sessions, meter: metrics, clock, log });
  metrics.watchOpen(() => tunnels.ids().size);
  const door = new TunnelDoor({
    ...parts.joining,
    log,
    tokenKey: tokenKey(settings.guacTokenKey),
    connectionKey: key,
    jwtSecret: Buffer.from(settings.jwtSecret, 'utf8'),
    requireJwt: settings.tunnel.requireJwt,
    book: new TokenBook(parts.tokens),
    sessions,
    clock,
    atAddress: parts.atAddress,
    atSeat: parts.atSeat,
    rules: settings.tunnel,
    rights: studentRights(settings.policy),
    onlookers: parts.onlookers,
    entrance: new Entrance({
      allowedOrigins: settings.tunnel.allowedOrigins,
      clock,
      log,
      refused: (why) => metrics.refused(why),
    }),
    // Each desktop has one join under way at most; a whole hall may come back at once from one address.
    handshakes: new Handshakes({ inAll: 2 * maxDesktops + 100, perAddress: maxDesktops + 50 }),
    tunnels,
  });
  return {
    door,
    sessions,
    tunnels,
    async connectionOf(seat) {
      const { allocation } = await sessions.of(seat);
      const exp = Math.floor((clock() + CONNECTION_MS) / 1000);
      const token = await makeConnectionToken({ sub: seat.userId, exam: seat.examId, allocation, exp }, key);
      const { policy, recording } = settings;
      const expiresAt = new Date(exp * 1000).toISOString();
      return { url, token, expiresAt, clipboard: policy.clipboard, recorded: recording !== undefined };
    },
  };
}
