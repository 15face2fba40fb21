import { PassThrough, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import { expect, test, vi } from 'vitest';
import { followReadiness } from '../../../src/docker/readiness.ts';

const LATE = { kind: 'failed', reason: 'it was not ready in time' };
const SESSION = 'desktop-event {"event":"session"}\n';
const READY = 'desktop-event {"event":"ready","page":"loaded"}\n';

/** An engine with one desktop, whose words end after each of these listenings. The last listening is silent and stays open. */
function engine(isRunning: boolean, ...listenings: readonly string[]): Docker {
  const left = [...listenings];
  const logs = async () => {
    const stream = new PassThrough();
    const words = left.shift();
    if (words !== undefined) stream.end(words);
    return stream;
  };
  const inspect = async () => ({ State: { StartedAt: '2026-11-24T01:00:00Z', Running: isRunning, ExitCode: 0 } });
  const demuxStream = (raw: Readable, output: PassThrough) => raw.on('data', (chunk) => output.write(chunk));
  return { getContainer: () => ({ logs, inspect }), modem: { demuxStream } } as unknown as Docker;
}

test('a desktop whose words end while it runs is heard again: an engine that was started anew cuts them', async () => {
  const onSession = vi.fn();
  const docker = engine(true, SESSION, `${SESSION}${READY}`);
  expect(await followReadiness(docker, 'd', AbortSignal.timeout(5_000), onSession)).toEqual({ kind: 'ready' });
  expect(onSession).toHaveBeenCalledTimes(1);
});

test('one that has ended is told as that, with the code it ended with', async () => {
  const heard = followReadiness(engine(false, SESSION), 'd', AbortSignal.timeout(5_000), () => undefined);
  expect(await heard).toEqual({ kind: 'failed', reason: 'it ended with 0 before it was ready' });
});

test.each([
  ['stays silent', engine(true)],
  ['is cut again and again', engine(true, ...Array.from({ length: 100 }, () => ''))],
])('one that %s is given up in time', async (_what, docker) => {
  expect(await followReadiness(docker, 'd', AbortSignal.timeout(500), () => undefined)).toEqual(LATE);
});
