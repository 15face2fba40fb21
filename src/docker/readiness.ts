import { setTimeout as pause } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { Readiness } from '../pool/ports.ts';
import { readDesktopEvent } from './desktop-events.ts';
import { accepting } from './errors.ts';
import { openWords } from './words.ts';

const LONGEST_WORDS = 300;
const LATE = 'it was not ready in time';

/** Between two listenings to a desktop that runs. */
const AGAIN_MS = 200;

/**
 * Follows what a desktop says since its last start, until it says that it is ready or never will be, or ends.
 * @param signal when to give up: that counts as failed
 * @param onSession called once, when it says that an RDP login would find its session
 * @throws EngineDown
 */
export async function followReadiness(
  docker: Docker,
  containerId: string,
  signal: AbortSignal,
  onSession: () => void,
): Promise<Readiness> {
  let isSession = false;
  const session = (): void => {
    if (!isSession) onSession();
    isSession = true;
  };
  for (;;) {
    const { readiness, complaint } = await listen(docker, containerId, signal, session);
    if (readiness) return readiness;
    if (signal.aborted) return { kind: 'failed', reason: LATE };
    const now = await accepting([404], docker.getContainer(containerId).inspect());
    if (!now?.State.Running) {
      const last = complaint === '' ? '' : `: ${complaint}`;
      return {
        kind: 'failed',
        reason: `it ended with ${now?.State.ExitCode ?? 'no trace'} before it was ready${last}`,
      };
    }
    // An engine that has just been started was seen to end the words of a desktop that goes on.
    await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

interface Heard {
  /** Undefined: its words ended before it said how it stands. */
  readonly readiness?: Readiness;
  /** Its last line on stderr. */
  readonly complaint: string;
}

async function listen(docker: Docker, containerId: string, signal: AbortSignal, onSession: () => void): Promise<Heard> {
  let complaint = '';
  const words = await openWords(docker, containerId, signal, { stderr: true });
  if (!words) return { readiness: { kind: 'failed', reason: signal.aborted ? LATE : 'it is gone' }, complaint };
  const { said, complained, close } = words;
  complained.on('line', (line) => {
    complaint = line.slice(0, LONGEST_WORDS);
  });
  try {
    let unlocked: string | undefined;
    for await (const line of said) {
      const told = readDesktopEvent(line);
      if (told?.kind === 'unlocked') unlocked = told.note;
      else if (told?.kind === 'session') onSession();
      else if (told?.kind === 'ready' && unlocked) return { readiness: { ...told, note: unlocked }, complaint };
      else if (told) return { readiness: told, complaint };
    }
  } finally {
    close();
  }
  return { complaint };
}
