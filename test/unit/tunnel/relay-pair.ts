import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { openGuacd } from '../../../src/tunnel/guacd.ts';
import { encode } from '../../../src/tunnel/instruction.ts';
import { Relay } from '../../../src/tunnel/relay.ts';

const RIGHTS = { mayAct: true, mayPaste: false, mayCopy: false };
const SCREEN = { width: 1024, height: 768, dpi: 96 };

/** A relay between real sockets, of which the test is both guacd and the browser. */
export class RelayPair implements AsyncDisposable {
  readonly url: string;
  /** guacd's end, after the handshake. */
  readonly guacd: Promise<Socket>;
  readonly relay: Promise<Relay>;
  /** The worker's end of the WebSocket. */
  browser: WebSocket | undefined;
  /** All that guacd has been told since the handshake. */
  told = '';
  /** How often it was over. */
  ends = 0;
  readonly #undo: () => void;

  private constructor(url: string, guacd: Promise<Socket>, relay: Promise<Relay>, undo: () => void) {
    this.url = url;
    this.guacd = guacd;
    this.relay = relay;
    this.#undo = undo;
  }

  static async open(): Promise<RelayPair> {
    const guacd = Promise.withResolvers<Socket>();
    const relay = Promise.withResolvers<Relay>();
    const sockets: Socket[] = [];
    const tcp = createTcpServer({ noDelay: true }, (socket) => {
      sockets.push(socket.on('error', () => undefined));
      socket.once('data', () => socket.write(encode(['args', 'VERSION_1_3_0'])));
      let said = '';
      const shaking = (chunk: Buffer): void => {
        said += chunk.toString();
        if (!said.includes('7.connect')) return;
        socket.off('data', shaking);
        socket.write(encode(['ready', '$1']));
        socket.on('data', (bytes: Buffer) => {
          pair.told += bytes.toString();
        });
        guacd.resolve(socket);
      };
      socket.on('data', shaking);
    }).listen(0, '127.0.0.1');
    const http = createServer().listen(0, '127.0.0.1');
    const browsers = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: 64 * 1024 });
    await Promise.all([once(tcp, 'listening'), once(http, 'listening')]);
    const { port } = tcp.address() as AddressInfo;
    browsers.on('connection', async (browser: WebSocket) => {
      pair.browser = browser;
      const address = { host: '127.0.0.1', port };
      const made = new Relay(browser, await openGuacd(address, '$1', {}, SCREEN, AbortSignal.timeout(5_000)), RIGHTS);
      made.start(() => pair.ends++);
      relay.resolve(made);
    });
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const pair = new RelayPair(url, guacd.promise, relay.promise, () => {
      for (const socket of sockets) socket.destroy();
      for (const browser of browsers.clients) browser.terminate();
      tcp.close();
      http.close();
    });
    return pair;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#undo();
  }
}
