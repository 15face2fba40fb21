import { expect, test, vi } from 'vitest';
import { type Follower, LiveFeed } from '../../../src/control-plane/http/live-feed.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

function follower(isAllowed = true) {
  const seen: string[] = [];
  const one: Follower = {
    tell: (view) => void seen.push(view),
    beat: () => void seen.push('beat'),
    isAllowed: async () => isAllowed,
    end: () => void seen.push('end'),
  };
  return { one, seen };
}

const views = ({ seen }: { seen: string[] }) => seen.filter((word) => word !== 'beat');

test('a view is told once for each change, read once for all, and not at all while nobody follows', async () => {
  let view = 'a';
  const read = vi.fn(async () => view);
  const feed = new LiveFeed({ read, log: quiet, lookMs: 1, beatMs: 60_000 });
  const first = follower();
  const second = follower();
  feed.add(first.one, 'a');
  feed.add(second.one, 'old');
  await vi.waitFor(() => expect(read.mock.calls.length).toBeGreaterThan(5));
  view = 'b';
  await vi.waitFor(() => expect(views(second)).toEqual(['a', 'b']));
  expect(views(first)).toEqual(['b']);
  feed.remove(first.one);
  feed.remove(second.one);
  // A look that was on its way may still end.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const before = read.mock.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([read.mock.calls.length, feed.followers]).toEqual([before, 0]);
});

test('whoever may no longer see it is let go at the next sign of life; the others get theirs', async () => {
  const feed = new LiveFeed({ read: async () => 'a', log: quiet, lookMs: 1, beatMs: 1 });
  const staff = follower();
  const former = follower(false);
  feed.add(staff.one, 'a');
  feed.add(former.one, 'a');
  await vi.waitFor(() => expect(former.seen).toEqual(['end']));
  await vi.waitFor(() => expect(staff.seen).toContain('beat'));
  expect(feed.followers).toBe(1);
  feed.endAll();
  expect(staff.seen.at(-1)).toBe('end');
});

test('a view that cannot be read lets everybody go, and the next who follows is served again', async () => {
  let isAway = true;
  const read = async () => {
    if (isAway) throw new Error('database is away');
    return 'b';
  };
  const feed = new LiveFeed({ read, log: quiet, lookMs: 1, beatMs: 60_000 });
  const first = follower();
  feed.add(first.one, 'a');
  await vi.waitFor(() => expect(first.seen).toEqual(['end']));
  isAway = false;
  const next = follower();
  feed.add(next.one, 'a');
  await vi.waitFor(() => expect(next.seen).toContain('b'));
  feed.endAll();
});

test('what is changed here is told at once, also when a look is under way', async () => {
  let view = 'a';
  let read: () => void = () => undefined;
  const feed = new LiveFeed({
    read: async () => {
      const seen = view;
      await new Promise<void>((resolve) => {
        read = resolve;
      });
      return seen;
    },
    log: quiet,
    lookMs: 60_000,
    beatMs: 60_000,
  });
  const one = follower();
  feed.add(one.one, 'a');
  for (const change of ['b', 'c']) {
    view = change;
    feed.lookNow();
    read();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => {
    read();
    expect(views(one)).toEqual(['b', 'c']);
  });
  feed.endAll();
  feed.lookNow();
});
