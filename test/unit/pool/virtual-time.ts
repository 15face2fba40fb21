import { vi } from 'vitest';

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly every: number | undefined;
  readonly act: () => void;
}

const breath = globalThis.setImmediate;

/**
 * Time that passes only when told to. Between two alarms every promise that can go on has gone on. vitest's own fake
 * timers wait a real millisecond per alarm, which thousands of walks cannot afford.
 */
export class VirtualTime {
  now = 1_800_000_000_000;
  readonly #alarms = new Map<object, Alarm>();
  #order = 0;

  /** Takes the place of the global timers until `vi.unstubAllGlobals()`. */
  install(): void {
    const clear = (handle: object): void => void this.#alarms.delete(handle);
    vi.stubGlobal('setTimeout', (act: () => void, ms = 0) => this.#set(act, ms, undefined));
    vi.stubGlobal('setInterval', (act: () => void, ms = 0) => this.#set(act, ms, Math.max(1, ms)));
    vi.stubGlobal('clearTimeout', clear);
    vi.stubGlobal('clearInterval', clear);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#set(resolve, ms, undefined));
  }

  /** Forgets every alarm: what a process that died would have done later. */
  forgetAll(): void {
    this.#alarms.clear();
  }

  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const due = this.#next(end);
      if (!due) break;
      const [handle, alarm] = due;
      this.now = alarm.at;
      if (alarm.every === undefined) this.#alarms.delete(handle);
      else this.#alarms.set(handle, { ...alarm, at: alarm.at + alarm.every, order: this.#order++ });
      alarm.act();
      await settle();
    }
    this.now = end;
  }

  #set(act: () => void, ms: number, every: number | undefined): object {
    const handle = { unref: () => handle, ref: () => handle };
    this.#alarms.set(handle, { at: this.now + Math.max(0, ms), order: this.#order++, every, act });
    return handle;
  }

  #next(end: number): [object, Alarm] | undefined {
    let best: [object, Alarm] | undefined;
    for (const entry of this.#alarms) {
      const [, alarm] = entry;
      if (alarm.at > end) continue;
      if (!best || alarm.at < best[1].at || (alarm.at === best[1].at && alarm.order < best[1].order)) best = entry;
    }
    return best;
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => void breath(resolve));
}
