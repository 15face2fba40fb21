import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type GuacdAddress, openGuacd } from '../../src/tunnel/guacd.ts';
import { CLOSED, studentRights } from '../../src/tunnel/policy.ts';
import { rdpSettings } from '../../src/tunnel/rdp-settings.ts';
import { endWith, Relay } from '../../src/tunnel/relay.ts';
import { readScreen } from '../../src/tunnel/screen.ts';
import { STATUS } from '../../src/tunnel/status.ts';
import type { Way } from './paint-in-page.ts';
import type { PlainDesktop } from './plain.ts';
import type { StudentWindow } from './student-window.ts';

const LOGIN_MS = 10_000;
const TRY_MS = 4_000;

/**
 * The usual way to a desktop: each visit is a new RDP login through guacd. The relay, the browser's client code and guacd's
 * settings are the product's own, so that the login itself is the only difference.
 */
export class FreshLogins {
  readonly #guacd: GuacdAddress;
  readonly #window: StudentWindow;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: () => 'guacamole',
  });
  readonly #desktops = new Map<string, PlainDesktop>();

  constructor(window: StudentWindow, guacd: GuacdAddress) {
    this.#window = window;
    this.#guacd = guacd;
    window.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const query = new URL(request.url ?? '', window.url).searchParams;
      this.#server.handleUpgrade(request, socket, head, (browser) => void this.#serve(browser, query));
    });
  }

  /** A login that is not painted by then is begun anew while there is patience. */
  to(desktop: PlainDesktop, patienceMs: number): Way {
    this.#desktops.set(desktop.ip, desktop);
    const tunnelUrl = this.#window.url.replace('http', 'ws');
    return { tunnelUrl, token: desktop.ip, jwt: '', patienceMs, tryMs: TRY_MS, againMs: 50 };
  }

  async #serve(browser: WebSocket, query: URLSearchParams): Promise<void> {
    browser.on('error', () => browser.terminate());
    try {
      const desktop = this.#desktops.get(query.get('token') ?? '');
      if (!desktop) throw new Error('no such desktop');
      const { ip: hostname, username, password } = desktop;
      const settings = rdpSettings({ hostname, username, password }, CLOSED);
      const screen = readScreen(query);
      const guacd = await openGuacd(this.#guacd, 'rdp', settings, screen, AbortSignal.timeout(LOGIN_MS));
      if (browser.readyState === browser.OPEN) new Relay(browser, guacd, studentRights(CLOSED)).start(() => undefined);
      else guacd.socket.destroy();
    } catch {
      endWith(browser, STATUS.noAnswer);
    }
  }
}
