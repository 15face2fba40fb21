import type Docker from 'dockerode';
import type { DesktopWord } from '../pool/ports.ts';
import { readDesktopWord } from './desktop-events.ts';
import { openWords } from './words.ts';

/**
 * What a desktop tells since its last start, and goes on telling until it stops or the signal comes.
 * @param after only what the engine heard at this time or later, milliseconds since the epoch
 * @returns when the engine has opened the stream
 * @throws EngineDown
 */
export async function followDesktop(
  docker: Docker,
  containerId: string,
  after: number,
  signal: AbortSignal,
): Promise<AsyncIterable<DesktopWord>> {
  const words = await openWords(docker, containerId, signal, { after, timestamps: true });
  return words ? toDesktopWords(words.said, words.close) : toDesktopWords([], () => undefined);
}

async function* toDesktopWords(said: AsyncIterable<string> | string[], close: () => void): AsyncIterable<DesktopWord> {
  try {
    for await (const line of said) {
      const word = readDesktopWord(line);
      if (word) yield word;
    }
  } finally {
    close();
  }
}
