import type Docker from 'dockerode';
import type { Readiness } from '../pool/ports.ts';
import { readDesktopEvent } from './desktop-events.ts';
import { accepting, asking } from './errors.ts';
import { wordsOf } from './words.ts';

const LONGEST_WORDS = 300;

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
  const container = docker.getContainer(containerId);
  const started = await accepting([404], container.inspect());
  if (!started) return { kind: 'failed', reason: 'it is gone' };
  const since = Date.parse(started.State.StartedAt) / 1000;
  const raw = await asking(container.logs({ follow: true, stdout: true, stderr: true, since }));
  const { said, complained, close } = wordsOf(docker, raw);
  let complaint = '';
  complained.on('line', (line) => {
    complaint = line.slice(0, LONGEST_WORDS);
  });
  signal.addEventListener('abort', close, { once: true });
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
    signal.removeEventListener('abort', close);
    close();
  }
  if (signal.aborted) return { kind: 'failed', reason: 'it was not ready in time' };
  const ended = await accepting([404], container.inspect());
  const words = complaint === '' ? '' : `: ${complaint}`;
  return { kind: 'failed', reason: `it ended with ${ended?.State.ExitCode ?? 'no trace'} before it was ready${words}` };
}
