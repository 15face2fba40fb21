import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type AdmissionPorts, type Admitted, admit } from './admission.ts';
import { admitWatcher } from './admit-watcher.ts';
import type { Entrance } from './entrance.ts';
import type { Handshakes } from './handshakes.ts';
import { type JoinPorts, join } from './join.ts';
import type { Onlookers } from './onlookers.ts';
import type { OpenTunnels } from './open-tunnels.ts';
import type { Rights } from './policy.ts';
import { joinSettings } from './rdp-settings.ts';
import { endWith, Relay } from './relay.ts';
import { readScreen } from './screen.ts';
import { STATUS } from './status.ts';
import { readVisit, type Visit, type VisitRules } from './visit.ts';

export const TUNNEL_PATH = '/guaclite';
const LONGEST_FRAME = 64 * 1024;
/** For browsers to hear why, at the end. */
const GOODBYE_MS = 500;

export interface DoorPorts extends AdmissionPorts, JoinPorts {
  readonly rules: VisitRules;
  readonly entrance: Entrance;
  readonly handshakes: Handshakes;
  readonly tunnels: OpenTunnels;
  readonly onlookers: Pick<Onlookers, 'watch' | 'record' | 'endSession' | 'close'>;
  /** What a student may do at his desktop. */
  readonly rights: Rights;
}

/** The tunnel's WebSocket endpoint. */
export class TunnelDoor {
  readonly #ports: DoorPorts;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: LONGEST_FRAME,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('guacamole') ? 'guacamole' : false),
  });
  /** Browsers that are let in and wait for guacd, one per desktop, by container id. */
  readonly #arriving = new Map<string, WebSocket>();

  constructor(ports: DoorPorts) {
    this.#ports = ports;
  }

  /** Takes an HTTP server's `upgrade`. Whatever a client sends, it ends here. */
  readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const visit = readVisit(request, TUNNEL_PATH, this.#ports.rules);
    if (!visit) {
      // Destroyed, not only ended: a client that never ends its side would keep the socket for ever.
      socket.once('finish', () => socket.destroy());
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (browser) => {
      browser.on('error', () => browser.terminate());
      this.#receive(browser, visit).catch((error: unknown) => {
        this.#ports.log.error({ error: String(error) }, 'tunnel failed');
        endWith(browser, STATUS.serverError);
      });
    });
  };

  /** The session is over, or its desktop gone: closes its tunnel and says so. */
  endSession(containerId: string): void {
    const arriving = this.#arriving.get(containerId);
    if (arriving) endWith(arriving, STATUS.sessionOver);
    this.#ports.tunnels.end(containerId, STATUS.sessionOver);
    this.#ports.onlookers.endSession(containerId);
  }

  close(): void {
    this.#ports.tunnels.close();
    this.#ports.onlookers.close();
    this.#server.close();
    // One that is still being let in, or has lost its network, says no goodbye.
    setTimeout(() => {
      for (const browser of this.#server.clients) browser.terminate();
    }, GOODBYE_MS).unref();
  }

  async #receive(browser: WebSocket, visit: Visit): Promise<void> {
    const leave = this.#ports.handshakes.enter(visit.address);
    if (!leave) {
      this.#ports.log.warn({ from: visit.address }, 'too many tunnels are being opened at once');
      return endWith(browser, STATUS.serverBusy);
    }
    try {
      await (visit.query.has('watch') ? this.#receiveWatcher(browser, visit) : this.#receiveStudent(browser, visit));
    } finally {
      leave();
    }
  }

  async #receiveStudent(browser: WebSocket, visit: Visit): Promise<void> {
    const admission = await this.#ports.entrance.admit(visit, () => admit(this.#ports, visit));
    if (admission.kind === 'refused') return endWith(browser, STATUS.refused);
    if (admission.kind === 'away') return endWith(browser, STATUS.noAnswer);
    await this.#serve(browser, visit, admission);
  }

  async #receiveWatcher(browser: WebSocket, visit: Visit): Promise<void> {
    const admission = await this.#ports.entrance.admit(visit, () => admitWatcher(this.#ports, visit));
    if (admission.kind === 'refused') return endWith(browser, STATUS.refused);
    await this.#ports.onlookers.watch(browser, admission.desktop, admission.watcher);
  }

  async #serve(browser: WebSocket, visit: Visit, admitted: Admitted): Promise<void> {
    const askedAt = this.#ports.clock();
    const { desktop } = admitted;
    const { tunnels, log, atAddress } = this.#ports;
    const { containerId, ip, name } = desktop;
    if (!(await tunnels.mayOpen(containerId))) {
      log.info({ desktop: name, from: visit.address }, 'second window refused');
      return endWith(browser, STATUS.openElsewhere);
    }
    tunnels.makeWay(containerId);
    const guacd = await this.#arrive(containerId, browser, () =>
      join(this.#ports, desktop, {
        screen: readScreen(visit.query),
        settings: joinSettings(this.#ports.rights),
        isWanted: () => browser.readyState === browser.OPEN,
      }),
    );
    if (!guacd) return endWith(browser, STATUS.noAnswer);
    // The browser may have gone while guacd was answering; and the session may have ended.
    if (browser.readyState !== browser.OPEN || atAddress(ip)?.containerId !== containerId) {
      guacd.socket.destroy();
      return endWith(browser, STATUS.sessionOver);
    }
    tunnels.open(browser, new Relay(browser, guacd, this.#ports.rights), { ...admitted, askedAt });
    this.#ports.onlookers.record(desktop);
  }

  /** One at a time: of windows that are opened faster than guacd answers, the newest is meant. */
  async #arrive<T>(containerId: string, browser: WebSocket, joined: () => Promise<T>): Promise<T> {
    const earlier = this.#arriving.get(containerId);
    this.#arriving.set(containerId, browser);
    if (earlier) endWith(earlier, STATUS.takenOver);
    try {
      return await joined();
    } finally {
      if (this.#arriving.get(containerId) === browser) this.#arriving.delete(containerId);
    }
  }
}
