import { setTimeout as pause } from 'node:timers/promises';
import type { Rig } from './rig.ts';
import { contractToken, TunnelClient } from './tunnel-client.ts';

/** The page's own first pause before it joins again. */
const AGAIN_MS = 200;
const BETWEEN_KEYS_MS = 15;
/** A letter typed is at the exam's site this much later, or it went nowhere. */
const HEARD_MS = 600;
/** Two clicks at one place within this are a double click: it selects the last word, and what is typed then takes its place. */
const BETWEEN_CLICKS_MS = 700;
/** His window, and a point in it where the page has its text field. */
const WINDOW = { width: '1024', height: '768' };
const FIELD = ['400', '420'] as const;
/** Ctrl and End: behind what was typed before. */
const TO_THE_END = ['65507', '65367'];
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** A student at his desktop: like his page he joins again whenever the tunnel closes, and what he types goes to the exam's page. */
export class Sitter {
  readonly #rig: Rig;
  readonly ip: string;
  #client: TunnelClient | undefined;
  #joins = 0;
  #clickedAt = 0;
  #isGone = false;

  constructor(rig: Rig, ip: string) {
    this.#rig = rig;
    this.ip = ip;
    void this.#stay();
  }

  /** How many tunnels he has opened so far. */
  get joins(): number {
    return this.#joins;
  }

  /** Waits until he has a picture and what he types from now on is in the exam's page. @returns how long it took, milliseconds */
  async usable(ms: number): Promise<number> {
    const began = performance.now();
    for (;;) {
      const word = Array.from({ length: 5 }, () => LETTERS[Math.floor(Math.random() * LETTERS.length)]).join('');
      if ((await this.#types(word)) && (await this.#isHeard(word))) return Math.round(performance.now() - began);
      if (performance.now() - began > ms)
        throw new Error(`not usable within ${ms} ms; ${this.#seen()}\n${this.#rig.log.slice(-3000)}`);
      await pause(50);
    }
  }

  /** What is in the exam page's text field, as the site has heard last. */
  async text(): Promise<string> {
    const { typed } = await (await fetch(`http://${this.#rig.prefix}.0.40/answers`)).json();
    return typed.find(({ from }: { from: string }) => from.endsWith(this.ip))?.text ?? '';
  }

  leave(): void {
    this.#isGone = true;
    this.#client?.close();
  }

  #seen(): string {
    const client = this.#client;
    return client
      ? `${this.#joins} joins; this one saw ${client.opcodes.length}: ${client.opcodes.slice(-8)}`
      : 'no tunnel';
  }

  async #types(word: string): Promise<boolean> {
    const client = this.#client;
    if (!client?.last.has('img') || client.socket.readyState !== client.socket.OPEN) return false;
    await this.#clicks(client);
    await pause(BETWEEN_KEYS_MS);
    for (const pressed of ['1', '0']) for (const key of TO_THE_END) client.send('key', key, pressed);
    await pause(BETWEEN_KEYS_MS);
    for (const letter of word)
      for (const pressed of ['1', '0']) {
        client.send('key', String(letter.charCodeAt(0)), pressed);
        await pause(BETWEEN_KEYS_MS);
      }
    return true;
  }

  async #clicks(client: TunnelClient): Promise<void> {
    await pause(Math.max(0, this.#clickedAt + BETWEEN_CLICKS_MS - performance.now()));
    for (const pressed of ['1', '0']) client.send('mouse', ...FIELD, pressed);
    this.#clickedAt = performance.now();
  }

  async #isHeard(word: string): Promise<boolean> {
    for (const end = Date.now() + HEARD_MS; Date.now() < end; await pause(40))
      if ((await this.text()).includes(word)) return true;
    return false;
  }

  async #stay(): Promise<void> {
    while (!this.#isGone) {
      const client = new TunnelClient(this.#rig.url, {
        token: contractToken(this.#rig.guacTokenKey, this.ip),
        ...WINDOW,
      });
      this.#client = client;
      this.#joins++;
      await new Promise((resolve) => client.socket.once('close', resolve));
      await pause(AGAIN_MS);
    }
  }
}
