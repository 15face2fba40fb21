import type Docker from 'dockerode';
import type { SignedRecord } from '../desktop/proof.ts';
import { readProofEvent } from './desktop-events.ts';
import { accepting, asking } from './errors.ts';
import { wordsOf } from './words.ts';

/**
 * What a desktop tells of its lock since its last start, and goes on telling until it stops or the signal comes.
 * @param after only what the engine heard at this time or later, milliseconds since the epoch
 * @returns when the engine has opened the stream
 * @throws EngineDown
 */
export async function openProofs(
  docker: Docker,
  containerId: string,
  after: number,
  signal: AbortSignal,
): Promise<AsyncIterable<SignedRecord>> {
  const container = docker.getContainer(containerId);
  const started = await accepting([404], container.inspect());
  if (!started || signal.aborted) return toRecords([], () => undefined);
  const since = Math.max(Date.parse(started.State.StartedAt), after) / 1000;
  const logs = container.logs({ follow: true, stdout: true, stderr: false, since, timestamps: true });
  const { said, close } = wordsOf(docker, await asking(logs));
  signal.addEventListener('abort', close, { once: true });
  return toRecords(said, () => {
    signal.removeEventListener('abort', close);
    close();
  });
}

async function* toRecords(said: AsyncIterable<string> | string[], close: () => void): AsyncIterable<SignedRecord> {
  try {
    for await (const line of said) {
      const record = readProofEvent(line);
      if (record) yield record;
    }
  } finally {
    close();
  }
}
