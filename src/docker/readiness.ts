import type Docker from 'dockerode';
import type { Readiness } from '../pool/ports.ts';
import { readDesktopEvent } from './desktop-events.ts';
import { accepting } from './errors.ts';
import { openWords } from './words.ts';

const LONGEST_WORDS = 300;
const LATE = 'it was not ready in time';

/**
 * Follows what a desktop says since its last start, until it says that it is ready or never will be, or ends.
 * @param signal when to give up: that counts as failed
 * @param onSession called when it says that an RDP login would find its session
 * @throws EngineDown
 */
export async function followReadiness(
  docker: Docker,
  containerId: string,
  signal: AbortSignal,
  onSession: () => void,
): Promise<Readiness> {
  const words = await openWords(docker, containerId, signal, { stderr: true });
  if (!words) return { kind: 'failed', reason: signal.aborted ? LATE : 'it is gone' };
  const { said, complained, close } = words;
  let complaint = '';
  complained.on('line', (line) => {
    complaint = line.slice(0, LONGEST_WORDS);
  });
  try {
    let unlocked: string | undefined;
    for await (const line of said) {
      const told = readDesktopEvent(line);
      if (told?.kind === 'unlocked') unlocked = told.note;
      else if (told?.kind === 'session') onSession();
      else if (told?.kind === 'ready' && unlocked) return { ...told, note: unlocked };
      else if (told) return told;
    }
  } finally {
    close();
  }
  if (signal.aborted) return { kind: 'failed', reason: LATE };
  const ended = await accepting([404], docker.getContainer(containerId).inspect());
  const last = complaint === '' ? '' : `: ${complaint}`;
  return { kind: 'failed', reason: `it ended with ${ended?.State.ExitCode ?? 'no trace'} before it was ready${last}` };
}
