import type Docker from 'dockerode';
import type { DesktopWord } from '../pool/ports.ts';
import { readDesktopWord } from './desktop-events.ts';
import { accepting, asking } from './errors.ts';
import { wordsOf } from './words.ts';

/**
 * What a desktop tells since its last start, and goes on telling until it stops or the signal comes.
 * @param after only what the engine heard at this time or later, milliseconds since the epoch
 * @returns when the engine has opened the stream
 * @throws EngineDown
 */
export async function openWords(
  docker: Docker,
  containerId: string,
  after: number,
  signal: AbortSignal,
): Promise<AsyncIterable<DesktopWord>> {
  const container = docker.getContainer(containerId);
  const started = await accepting([404], container.inspect());
  if (!started || signal.aborted) return toWords([], () => undefined);
  const since = Math.max(Date.parse(started.State.StartedAt), after) / 1000;
  const logs = container.logs({ follow: true, stdout: true, stderr: false, since, timestamps: true });
  const { said, close } = wordsOf(docker, await asking(logs));
  signal.addEventListener('abort', close, { once: true });
  return toWords(said, () => {
    signal.removeEventListener('abort', close);
    close();
  });
}

async function* toWords(said: AsyncIterable<string> | string[], close: () => void): AsyncIterable<DesktopWord> {
  try {
    for await (const line of said) {
      const word = readDesktopWord(line);
      if (word) yield word;
    }
  } finally {
    close();
  }
}
