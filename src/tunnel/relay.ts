import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { GuacdConnection } from './guacd.ts';
import { encode, MalformedInstruction } from './instruction.ts';
import type { Rights } from './policy.ts';
import { STATUS, type Status } from './status.ts';
import { ToBrowser } from './to-browser.ts';
import { ToDesktop } from './to-desktop.ts';

/** A guacd that takes not even the goodbye is left. */
const GOODBYE_MS = 2_000;

/** Joins one browser to one guacd connection until either ends. Memory is bounded in both directions. */
export class Relay {
  readonly #browser: WebSocket;
  readonly #guacd: GuacdConnection;
  readonly #toBrowser: ToBrowser;
  readonly #toDesktop: ToDesktop;
  #ended = false;
  #onEnd: () => void = () => undefined;

  constructor(browser: WebSocket, guacd: GuacdConnection, rights: Rights) {
    this.#browser = browser;
    this.#guacd = guacd;
    this.#toBrowser = new ToBrowser(browser, guacd.socket, rights, () => this.end(STATUS.tooSlow));
    this.#toDesktop = new ToDesktop(browser, guacd.socket, rights, {
      onInternal: ([name, time = '']) => {
        if (name === 'ping') this.#toBrowser.say(['', 'ping', time]);
      },
      onStalled: () => this.end(STATUS.noAnswer),
    });
  }

  get bytesToBrowser(): number {
    return this.#toBrowser.bytes;
  }

  get bytesToDesktop(): number {
    return this.#toDesktop.bytes;
  }

  /** guacd waits for this browser. */
  get isStalled(): boolean {
    return this.#toBrowser.isStalled;
  }

  /**
   * Starts both directions.
   * @param onEnd called once, when it is over: a browser that has lost its network never says goodbye
   */
  start(onEnd: () => void): void {
    this.#onEnd = onEnd;
    const { socket, rest, take } = this.#guacd;
    const browser = this.#browser;
    const over = (): void => {
      this.end(this.#toBrowser.said ?? STATUS.noAnswer);
      this.#toBrowser.stop();
      this.#toDesktop.stop();
    };
    socket.once('close', over);
    browser.once('close', over);
    browser.on('error', over);
    browser.on('message', (message: Buffer, binary: boolean) =>
      this.#guarded(() => this.#toDesktop.take(message, binary)),
    );
    // ws has answered it already, whether the browser takes the answers or not.
    browser.on('ping', () => this.isStalled && this.end(STATUS.tooSlow));
    // The client takes the tunnel as open at the first instruction, which tells it the tunnel's id.
    this.#toBrowser.say(['', randomUUID()]);
    if (rest.length > 0) this.#guarded(() => this.#toBrowser.take(rest));
    take((bytes) => this.#guarded(() => this.#toBrowser.take(bytes)));
  }

  /** Ends it with a reason that the student's page shows. */
  end(status: Status): void {
    if (this.#ended) return;
    this.#ended = true;
    const { socket } = this.#guacd;
    // Paused it would not hear the browser's own goodbye, and both would wait for each other.
    this.#browser.resume();
    // guacd's own words have passed already; the client listens to the first ones only.
    if (status === this.#toBrowser.said) this.#browser.close(1000, String(status.code));
    else endWith(this.#browser, status);
    socket.end(this.#toDesktop.letGo() + encode(['disconnect']));
    socket.destroySoon();
    setTimeout(() => socket.destroy(), GOODBYE_MS).unref();
    this.#onEnd();
  }

  #guarded(act: () => void): void {
    if (this.#ended) return;
    try {
      act();
    } catch (error) {
      this.end(error instanceof MalformedInstruction ? STATUS.badRequest : STATUS.serverError);
    }
  }
}

/** Tells the browser why in both ways it may listen: an error instruction, and the code as the close reason. */
export function endWith(browser: WebSocket, status: Status): void {
  if (browser.readyState === browser.OPEN) browser.send(encode(['error', status.words, String(status.code)]));
  browser.close(1000, String(status.code));
}
