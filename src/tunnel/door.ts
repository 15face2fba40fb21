import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Desktop } from '../desktop/desktop.ts';
import type { Log } from '../pool/ports.ts';
import { type AdmissionPorts, admit } from './admission.ts';
import { type GuacdAddress, type GuacdConnection, GuacdRefused, openGuacd } from './guacd.ts';
import { joinSettings } from './rdp-settings.ts';
import { endWith, Relay } from './relay.ts';
import { readScreen } from './screen.ts';
import { STATUS } from './status.ts';

const PATH = '/guaclite';
const LONGEST_FRAME = 64 * 1024;
const JOIN_MS = 20_000;
const JOIN_AGAIN_MS = 300;

export interface DoorPorts extends AdmissionPorts {
  readonly guacd: GuacdAddress;
  readonly log: Log;
  /** Id of the connection held to this desktop, opening it first when it broke. */
  connectionId(desktop: Desktop): Promise<string>;
  /** guacd refused a join of this id. */
  loseConnection(desktop: Desktop, id: string): void;
}

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
    const url = URL.canParse(request.url ?? '', 'http://worker')
      ? new URL(request.url ?? '', 'http://worker')
      : undefined;
    if (url?.pathname !== PATH) {
      // Destroyed, not only ended: a client that never ends its side would keep the socket for ever.
      socket.once('finish', () => socket.destroy());
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (browser) => {
      browser.on('error', () => browser.terminate());
      this.#serve(browser, url.searchParams).catch((error: unknown) => {
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

  async #serve(browser: WebSocket, query: URLSearchParams): Promise<void> {
    const admission = await admit(this.#ports, query);
    if (admission.kind === 'refused') {
      this.#ports.log.warn({ why: admission.why }, 'tunnel refused');
      return endWith(browser, STATUS.refused);
    }
    const { desktop } = admission;
    const guacd = await this.#join(desktop, query, browser);
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

  /** Joins the held connection; tries again while guacd or the holder comes back. Undefined when it did not in time. */
  async #join(desktop: Desktop, query: URLSearchParams, browser: WebSocket): Promise<GuacdConnection | undefined> {
    const signal = AbortSignal.timeout(JOIN_MS);
    while (!signal.aborted && browser.readyState === browser.OPEN) {
      let id = '';
      try {
        id = await this.#ports.connectionId(desktop);
        return await openGuacd(this.#ports.guacd, id, joinSettings(false), readScreen(query), signal);
      } catch (error) {
        const why = error instanceof GuacdRefused ? error.message : String(error);
        if (error instanceof GuacdRefused) this.#ports.loseConnection(desktop, id);
        this.#ports.log.warn({ desktop: desktop.name, why }, 'join failed; trying again');
        await new Promise((resolve) => setTimeout(resolve, JOIN_AGAIN_MS));
      }
    }
    return undefined;
  }
}
