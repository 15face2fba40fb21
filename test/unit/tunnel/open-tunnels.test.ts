import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { OpenTunnels, type SecondTab } from '../../../src/tunnel/open-tunnels.ts';
import { SessionBook } from '../../../src/tunnel/session-book.ts';
import type { Status } from '../../../src/tunnel/status.ts';
import { seated as desktop, seat } from '../../rig/seated.ts';

/** A browser that answers pings after `latencyMs`, or never. */
class FakeBrowser extends EventEmitter {
  readonly OPEN = WebSocket.OPEN;
  readyState: number = WebSocket.OPEN;
  pings = 0;
  latencyMs: number | undefined = 20;
  ping(): void {
    this.pings++;
    if (this.latencyMs !== undefined) setTimeout(() => this.emit('pong'), this.latencyMs);
  }
}

class FakeRelay {
  bytesToBrowser = 0;
  bytesToDesktop = 0;
  isStalled = false;
  ended: number | undefined;
  #onEnd: () => void = () => undefined;
  start(onEnd: () => void): void {
    this.#onEnd = onEnd;
  }
  end(status: Status): void {
    if (this.ended !== undefined) return;
    this.ended = status.code;
    // As a WebSocket does: later.
    setTimeout(this.#onEnd, 1);
  }
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const meter = { opened: vi.fn(), bytes: vi.fn(), latency: vi.fn() };
let sessions: SessionBook;

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  vi.clearAllMocks();
  const store = { load: async () => undefined, save: async () => undefined, remove: async () => undefined };
  sessions = new SessionBook(store, Date.now);
  await sessions.of(seat);
});
afterEach(() => void vi.useRealTimers());

function tunnelsOf(secondTab: SecondTab) {
  const tunnels = new OpenTunnels({ secondTab, keepAliveMs: 10_000, sessions, meter, clock: Date.now, log: silent });
  const open = async () => {
    const browser = new FakeBrowser();
    const relay = new FakeRelay();
    const session = await sessions.find(seat);
    const admitted = { kind: 'admitted', desktop, session, askedAt: Date.now() - 30 } as const;
    tunnels.open(browser as unknown as WebSocket, relay, admitted);
    return { browser, relay };
  };
  return { tunnels, open };
}

describe('a second window', () => {
  test('takes over, and the first is told', async () => {
    const { tunnels, open } = tunnelsOf('takeover');
    const first = await open();
    expect(await tunnels.mayOpen('c1')).toBe(true);
    const second = await open();
    await vi.advanceTimersByTimeAsync(5);
    expect([first.relay.ended, second.relay.ended, tunnels.ids().size]).toEqual([521, undefined, 1]);
    expect(await sessions.find(seat)).toMatchObject({ connected: true, tunnels: 2 });
  });

  test('is refused by setting while the first one answers', async () => {
    const { tunnels, open } = tunnelsOf('refuse');
    expect(await tunnels.mayOpen('c1')).toBe(true);
    await open();
    const may = tunnels.mayOpen('c1');
    await vi.advanceTimersByTimeAsync(100);
    expect(await may).toBe(false);
  });

  test('is not kept out by a first one that has lost its network, nor by one that goes meanwhile', async () => {
    const { tunnels, open } = tunnelsOf('refuse');
    const first = await open();
    first.browser.latencyMs = undefined;
    vi.useRealTimers();
    expect(await tunnels.mayOpen('c1')).toBe(true);
    first.browser.latencyMs = 50;
    const may = tunnels.mayOpen('c1');
    first.relay.end({ code: 514, words: '' } as unknown as Status);
    expect(await may).toBe(true);
  });
});

describe('a first window that takes nothing any more', () => {
  test('makes way before the next joins: guacd would wait for it; one that takes its pictures stays until then', async () => {
    const { tunnels, open } = tunnelsOf('takeover');
    const { relay } = await open();
    tunnels.makeWay('c1');
    expect(relay.ended).toBeUndefined();
    relay.isStalled = true;
    tunnels.makeWay('c1');
    expect(relay.ended).toBe(521);
  });

  test('and answers no ping for half a minute is ended: its student has lost his network, and counts as away', async () => {
    const { open } = tunnelsOf('takeover');
    const { relay, browser } = await open();
    browser.latencyMs = undefined;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(relay.ended).toBeUndefined();
    await vi.advanceTimersByTimeAsync(10_005);
    expect([relay.ended, (await sessions.find(seat))?.connected]).toEqual([776, false]);
  });

  test('but answers late, stays', async () => {
    const { open } = tunnelsOf('takeover');
    const { relay, browser } = await open();
    browser.latencyMs = 24_000;
    await vi.advanceTimersByTimeAsync(300_000);
    expect(relay.ended).toBeUndefined();
  });
});

describe('what is known of a session', () => {
  test('is written down when its tunnel opens, every ten seconds, and when it closes', async () => {
    const { open } = tunnelsOf('takeover');
    const { relay } = await open();
    expect(await sessions.find(seat)).toMatchObject({ connected: true, tunnels: 1, lastSeenAt: Date.now() });
    relay.bytesToBrowser = 1_000;
    await vi.advanceTimersByTimeAsync(10_000);
    const beaten = { connected: true, lastSeenAt: Date.now(), bytesToBrowser: 1_000, bytesToDesktop: 0, latencyMs: 20 };
    expect(await sessions.find(seat)).toMatchObject(beaten);
    relay.bytesToBrowser = 1_500;
    relay.bytesToDesktop = 70;
    relay.end({ code: 514, words: '' } as unknown as Status);
    await vi.advanceTimersByTimeAsync(5);
    const closed = { connected: false, bytesToBrowser: 1_500, bytesToDesktop: 70, tunnels: 1 };
    expect(await sessions.find(seat)).toMatchObject(closed);
    const sum = (at: 0 | 1) => meter.bytes.mock.calls.reduce((all, call) => all + call[at], 0);
    expect([sum(0), sum(1), meter.opened.mock.calls]).toEqual([1_500, 70, [[30]]]);
  });

  test('adds up over its tunnels, and leaves what it knew of latency while it knows no better', async () => {
    const { open } = tunnelsOf('takeover');
    for (let time = 0; time < 2; time++) {
      const { relay, browser } = await open();
      if (time === 1) browser.latencyMs = undefined;
      relay.bytesToBrowser = 100;
      await vi.advanceTimersByTimeAsync(50);
      relay.end({ code: 514, words: '' } as unknown as Status);
      await vi.advanceTimersByTimeAsync(5);
    }
    expect(await sessions.find(seat)).toMatchObject({
      tunnels: 2,
      bytesToBrowser: 200,
      latencyMs: 20,
      connected: false,
    });
  });

  test('a late answer is no quick one: no second question before the first is answered', async () => {
    const { open } = tunnelsOf('takeover');
    const { browser } = await open();
    browser.latencyMs = 12_000;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(browser.pings).toBe(2);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(meter.latency.mock.calls.map(([ms]) => ms)).toEqual([20, 12_000]);
  });

  test('ends with the release: a tunnel that closes after it brings nothing back', async () => {
    const { tunnels, open } = tunnelsOf('takeover');
    const { relay } = await open();
    await sessions.end(seat);
    tunnels.end('c1', { code: 523, words: 'The session is over' });
    await vi.advanceTimersByTimeAsync(5);
    expect([relay.ended, await sessions.find(seat)]).toEqual([523, undefined]);
  });
});
