import { backOff } from './after-close.ts';
import { call, openStream, Refused } from './api.ts';
import { eventLines } from './event-lines.ts';
import { pause } from './pause.ts';

/** `live`: changes come as they happen. `asking`: they do not get through, so the page asks every few seconds. */
export type Flow = 'live' | 'asking';

export interface LiveWatcher<View> {
  view(view: View, flow: Flow): void;
  /** Nothing new comes; what is shown is old. It is tried again by itself. */
  lost(error: Refused): void;
  /** The login does not do any more. */
  refused(error: Refused): void;
}

// The server gives a sign of life every 15 s.
const SILENCE_MS = 40_000;
/** A proxy that holds a stream back lets nothing through: then asking is the way, and the stream is tried again later. */
const FIRST_MS = 5_000;
const ASK_MS = 3_000;
const STREAM_AGAIN_MS = 60_000;

/** What came of a stream: views, nothing though it was open, or no stream at all. */
type Stream = 'seen' | 'silent' | 'broken';

/** Follows the server's view until `signal`, over lost connections and restarts of the server. */
export async function follow<View>(path: string, watcher: LiveWatcher<View>, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let streamFrom = 0;
  while (!signal.aborted) {
    // A hidden page holds no connection: browsers have but six for a server.
    await visible(signal);
    if (signal.aborted) return;
    let stream: Stream = 'silent';
    if (Date.now() >= streamFrom) {
      stream = await streamed<View>(path, (view) => watcher.view(view, 'live'), signal);
      failures = stream === 'seen' ? 0 : failures + 1;
      streamFrom = stream === 'silent' && !document.hidden ? Date.now() + STREAM_AGAIN_MS : 0;
    }
    if (signal.aborted || document.hidden) continue;
    try {
      watcher.view(await call<View>('GET', path, undefined, signal), 'asking');
    } catch (error) {
      if (signal.aborted || !(error instanceof Refused)) return;
      if (error.status === 401 || error.status === 403) return watcher.refused(error);
      watcher.lost(error);
    }
    await pause(stream === 'silent' ? ASK_MS : backOff(failures), signal);
  }
}

/** Ends when the stream does, or falls silent, or the page is hidden. */
async function streamed<View>(path: string, tell: (view: View) => void, signal: AbortSignal): Promise<Stream> {
  const ending = new AbortController();
  const end = () => ending.abort();
  const onHidden = () => void (document.hidden && end());
  signal.addEventListener('abort', end);
  document.addEventListener('visibilitychange', onHidden);
  let silence = setTimeout(end, FIRST_MS);
  let isOpen = false;
  let isSeen = false;
  const take = eventLines((data) => {
    isSeen = true;
    const view = JSON.parse(data) as View;
    // Apart from the reading: what fails there is a fault of the page, not of the stream.
    queueMicrotask(() => tell(view));
  });
  try {
    const stream = await openStream(path, ending.signal);
    isOpen = true;
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      take(value);
      clearTimeout(silence);
      silence = setTimeout(end, isSeen ? SILENCE_MS : FIRST_MS);
    }
  } catch {
    // Whatever ended it: the question that follows hears what is wrong.
  } finally {
    clearTimeout(silence);
    end();
    signal.removeEventListener('abort', end);
    document.removeEventListener('visibilitychange', onHidden);
  }
  if (isSeen) return 'seen';
  return isOpen ? 'silent' : 'broken';
}

function visible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
    look();
  });
}
