import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../ports.ts';

/** One console that follows. */
export interface Follower {
  /** @param view as JSON, not seen by this follower before */
  tell(view: string): void;
  /** A sign of life where nothing has changed. */
  beat(): void;
  /** Asked at each sign of life: whoever may no longer see this is let go. */
  isAllowed(): Promise<boolean>;
  end(): void;
}

interface LiveFeedPorts {
  /** The view as JSON: what has not changed reads the same. */
  readonly read: () => Promise<string>;
  readonly log: Log;
  readonly lookMs: number;
  readonly beatMs: number;
}

/**
 * The newest view for everybody who follows. It is read once for all of them, and only while somebody follows. Looked at
 * by the clock: workers turn stale by time alone, and other processes write to the database too.
 */
export class LiveFeed {
  readonly #ports: LiveFeedPorts;
  readonly #told = new Map<Follower, string>();
  #isLooking = false;
  #isDue = false;
  #sleep = new AbortController();
  #beatAt = 0;

  constructor(ports: LiveFeedPorts) {
    this.#ports = ports;
  }

  get followers(): number {
    return this.#told.size;
  }

  /** @param view what it has been told already */
  add(follower: Follower, view: string): void {
    this.#told.set(follower, view);
    if (!this.#isLooking) void this.#follow();
  }

  remove(follower: Follower): void {
    this.#told.delete(follower);
  }

  /** Something has just been changed here: whoever did it sees it without waiting for the clock. */
  lookNow(): void {
    this.#isDue = true;
    this.#sleep.abort();
  }

  endAll(): void {
    const followers = [...this.#told.keys()];
    this.#told.clear();
    for (const follower of followers) follower.end();
  }

  async #follow(): Promise<void> {
    this.#isLooking = true;
    while (this.#told.size > 0) {
      this.#sleep = new AbortController();
      if (!this.#isDue) await pause(this.#ports.lookMs, undefined, this.#sleep).catch(() => undefined);
      this.#isDue = false;
      if (this.#told.size > 0) await this.#look();
    }
    this.#isLooking = false;
  }

  async #look(): Promise<void> {
    try {
      const view = await this.#ports.read();
      for (const [follower, told] of this.#told) {
        if (told === view) continue;
        this.#told.set(follower, view);
        follower.tell(view);
      }
      await this.#beat();
    } catch (error) {
      // Each console asks again by itself, and hears what is wrong as the answer to that.
      this.#ports.log.warn({ err: error }, 'the live view cannot be read; the consoles that follow it are let go');
      this.endAll();
    }
  }

  async #beat(): Promise<void> {
    const now = performance.now();
    if (now - this.#beatAt < this.#ports.beatMs) return;
    this.#beatAt = now;
    const followers = [...this.#told.keys()];
    const allowed = await Promise.all(followers.map((follower) => follower.isAllowed()));
    followers.forEach((follower, index) => {
      if (allowed[index]) follower.beat();
      else {
        this.remove(follower);
        follower.end();
      }
    });
  }
}
