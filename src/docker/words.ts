import { createInterface, type Interface } from 'node:readline';
import { PassThrough, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import { accepting, asking } from './errors.ts';

/** A container's output, line by line, until its stream ends or `close` is called. */
export interface Words {
  readonly said: Interface;
  readonly complained: Interface;
  close(): void;
}

export interface Listening {
  /** Only what the engine heard at this time or later, milliseconds since the epoch. */
  readonly after?: number;
  /** Its complaints, too. */
  readonly stderr?: boolean;
  /** Each line with the time at which the engine heard it before it. */
  readonly timestamps?: boolean;
}

/**
 * Follows what a container says since its last start, until it ends or the signal comes.
 * @returns undefined when it is gone, or nobody listens any more
 * @throws EngineDown
 */
export async function openWords(
  docker: Docker,
  containerId: string,
  signal: AbortSignal,
  { after = 0, stderr = false, timestamps = false }: Listening = {},
): Promise<Words | undefined> {
  const container = docker.getContainer(containerId);
  const started = await accepting([404], container.inspect());
  if (!started || signal.aborted) return undefined;
  const since = Math.max(Date.parse(started.State.StartedAt), after) / 1000;
  const logs = await asking(container.logs({ follow: true, stdout: true, stderr, since, timestamps }));
  const raw: Readable = logs as unknown as Readable;
  const output = new PassThrough();
  const errors = new PassThrough();
  docker.modem.demuxStream(raw, output, errors);
  // demuxStream ends neither: both follow the stream they came from.
  for (const event of ['end', 'close', 'error'])
    raw.on(event, () => {
      output.end();
      errors.end();
    });
  const close = (): void => {
    signal.removeEventListener('abort', close);
    raw.destroy();
  };
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close(); // while the logs were asked for
  return { said: createInterface({ input: output }), complained: createInterface({ input: errors }), close };
}
