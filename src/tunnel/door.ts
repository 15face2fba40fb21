import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type AdmissionPorts, admit } from './admission.ts';
import { type JoinPorts, join } from './join.ts';
import { joinSettings } from './rdp-settings.ts';
import { endWith, Relay } from './relay.ts';
import { readScreen } from './screen.ts';
import { STATUS } from './status.ts';
import { readVisit, type Visit } from './visit.ts';

const PATH = '/guaclite';
const LONGEST_FRAME = 64 * 1024;

export type DoorPorts = AdmissionPorts & JoinPorts;

/** The tunnel's WebSocket endpoint. One tunnel per desktop: a newer one takes over. */
export class TunnelDoor {
  readonly #ports: DoorPorts;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: LONGEST_FRAME,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('guacamole') ? 'guacamole' : false),
  });
  readonly #open = new Map<string, Relay>();

  constructor(ports: DoorPorts) {
    this.#ports = ports;
  }

  /** Takes an HTTP server's `upgrade`. Whatever a client sends, it ends here. */
  readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const visit = readVisit(request, PATH);
    if (!visit) {
      // Destroyed, not only ended: a client that never ends its side would keep the socket for ever.
      socket.once('finish', () => socket.destroy());
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (browser) => {
      browser.on('error', () => browser.terminate());
      this.#serve(browser, visit).catch((error: unknown) => {
        this.#ports.log.error({ error: String(error) }, 'tunnel failed');
        endWith(browser, STATUS.serverError);
      });
    });
  };

  /** Desktops with a tunnel open now, by container id. */
  connected(): ReadonlySet<string> {
    return new Set(this.#open.keys());
  }

  /** The session is over: closes its tunnel and says so. */
  endSession(containerId: string): void {
    this.#open.get(containerId)?.end(STATUS.sessionOver);
  }

  close(): void {
    for (const relay of this.#open.values()) relay.end(STATUS.serverBusy);
    this.#server.close();
  }

  async #serve(browser: WebSocket, visit: Visit): Promise<void> {
    const admission = await admit(this.#ports, visit.query);
    if (admission.kind === 'refused') {
      this.#ports.log.warn({ why: admission.why, from: visit.address }, 'tunnel refused');
      return endWith(browser, STATUS.refused);
    }
    const { desktop } = admission;
    const guacd = await join(this.#ports, desktop, {
      screen: readScreen(visit.query),
      settings: joinSettings(false),
      isWanted: () => browser.readyState === browser.OPEN,
    });
    if (!guacd) return endWith(browser, STATUS.noAnswer);
    // The browser may have gone while guacd was answering; and the session may have ended.
    if (browser.readyState !== browser.OPEN || this.#ports.atAddress(desktop.ip)?.containerId !== desktop.containerId) {
      guacd.socket.destroy();
      return endWith(browser, STATUS.sessionOver);
    }
    this.#open.get(desktop.containerId)?.end(STATUS.takenOver);
    const relay = new Relay(browser, guacd, false);
    this.#open.set(desktop.containerId, relay);
    relay.start(() => {
      if (this.#open.get(desktop.containerId) === relay) this.#open.delete(desktop.containerId);
      const { bytesToBrowser, bytesToDesktop } = relay;
      this.#ports.log.info({ desktop: desktop.name, bytesToBrowser, bytesToDesktop }, 'tunnel closed');
    });
    this.#ports.log.info({ desktop: desktop.name }, 'tunnel open');
  }
}
