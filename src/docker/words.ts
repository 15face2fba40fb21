import { createInterface, type Interface } from 'node:readline';
import { PassThrough, type Readable } from 'node:stream';
import type Docker from 'dockerode';

/** A container's output, line by line, until its stream ends or `close` is called. */
export interface Words {
  readonly said: Interface;
  readonly complained: Interface;
  close(): void;
}

/** @param logs a followed log as the engine sends it, both outputs in one stream */
export function wordsOf(docker: Docker, logs: unknown): Words {
  const raw = logs as Readable;
  const output = new PassThrough();
  const errors = new PassThrough();
  docker.modem.demuxStream(raw, output, errors);
  // demuxStream ends neither: both follow the stream they came from.
  for (const event of ['end', 'close', 'error'])
    raw.on(event, () => {
      output.end();
      errors.end();
    });
  return {
    said: createInterface({ input: output }),
    complained: createInterface({ input: errors }),
    close: () => void raw.destroy(),
  };
}
