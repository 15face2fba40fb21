import { type Request, type RequestHandler, type Response, Router } from 'express';
import { type LivePorts, liveView } from '../live-view.ts';
import type { Log } from '../ports.ts';
import { type CallerPorts, callerIn, onlyFor } from './callers.ts';
import { type Follower, LiveFeed } from './live-feed.ts';

const LOOK_MS = 1_000;
/** Shorter than what proxies take for a dead connection. */
const BEAT_MS = 15_000;
/** What may wait for a console that does not read; it gets the newest view once it does. */
const MOST_WAITING = 1024 * 1024;
const STREAM = 'text/event-stream';
const STAFF = ['ADMIN', 'PROCTOR'] as const;

export interface LiveRoutePorts extends LivePorts, CallerPorts {
  readonly log: Log;
  /** Streams end with it: they would hold up the stop of the process. */
  readonly stopping: AbortSignal;
}

/**
 * All that the console shows, in one answer; as server-sent events when they are asked for: the whole view at each change.
 * Whole and not the difference, so that a console that missed something is right again with the next one.
 */
export function liveRoutes(ports: LiveRoutePorts): { readonly router: Router; readonly afterChanges: RequestHandler } {
  // The view names addresses as this browser reaches them: consoles of one address share one feed.
  const feeds = new Map<string, LiveFeed>();
  ports.stopping.addEventListener('abort', () => {
    for (const feed of feeds.values()) feed.endAll();
  });
  const router = Router();

  router.get('/live', onlyFor(ports, ...STAFF), async (request, response) => {
    if (request.accepts(['json', STREAM]) !== STREAM || ports.stopping.aborted) {
      response.json(await liveView(ports, request));
      return;
    }
    const { hostname, secure } = request;
    const key = `${secure} ${hostname}`;
    const read = async () => {
      // The moment of the look is no change of what is seen; each answer's Date header tells it.
      const { serverTime: _, ...view } = await liveView(ports, { hostname, secure });
      return JSON.stringify(view);
    };
    const view = await read();
    // It left while the view was read: its close has been, nothing would ever take it out again.
    if (response.destroyed) return;
    const feed = feeds.get(key) ?? new LiveFeed({ read, log: ports.log, lookMs: LOOK_MS, beatMs: BEAT_MS });
    feeds.set(key, feed);
    const follower = followerOf(response, () => isStaff(ports, request));
    response.on('close', () => {
      feed.remove(follower);
      if (feed.followers === 0 && feeds.get(key) === feed) feeds.delete(key);
    });
    response.set({ 'Content-Type': STREAM, 'X-Accel-Buffering': 'no' });
    feed.add(follower, view);
    follower.tell(view);
    if (ports.stopping.aborted) follower.end();
  });

  // For the routes by which staff change things, not for students' joins: hundreds come in a minute.
  const afterChanges: RequestHandler = (request, response, next) => {
    if (request.method !== 'GET')
      response.on('finish', () => {
        for (const feed of feeds.values()) feed.lookNow();
      });
    next();
  };
  return { router, afterChanges };
}

async function isStaff(ports: CallerPorts, request: Request): Promise<boolean> {
  const caller = await callerIn(ports, request);
  return STAFF.some((role) => role === caller?.role);
}

function followerOf(response: Response, isAllowed: () => Promise<boolean>): Follower {
  let waiting: string | undefined;
  const tell = (view: string) => {
    // Latest wins: what a slow console has not taken is replaced, never queued.
    if (waiting !== undefined || response.writableLength > MOST_WAITING) waiting = view;
    else response.write(`data: ${view}\n\n`);
  };
  response.on('drain', () => {
    const view = waiting;
    waiting = undefined;
    if (view !== undefined) tell(view);
  });
  return {
    tell,
    beat() {
      // It has read nothing since the last one: whoever is there no longer must not be kept for.
      if (waiting !== undefined) response.destroy();
      else response.write(':\n\n');
    },
    isAllowed,
    end: () => void response.end(),
  };
}
