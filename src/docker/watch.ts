import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { workerFilter } from '../desktop/labels.ts';
import { bounded } from './connect.ts';

const AGAIN_MS = 1_000;
/** The engine's list follows what it tells by a moment: without a second look an end may be seen by the next timer only. */
const LISTED_MS = 1_000;
/** The engine opens the stream at once; who waits longer would hear of nothing when it is well again. */
const OPENING = { answerMs: 5_000 };

/**
 * Tells of every start, end, rename and removal of this worker's desktops. A cut stream is opened again: what was missed
 * meanwhile is to be looked for at each opening.
 * @returns stops watching
 */
export function watchDesktops(
  docker: Docker,
  worker: string,
  { onOpen, onChange }: { onOpen(): void; onChange(): void },
): () => void {
  const patient = bounded(docker, OPENING);
  let stream: Readable | undefined;
  let timer: NodeJS.Timeout | undefined;
  let second: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = (): void => {
    if (stopped || timer) return;
    timer = setTimeout(open, AGAIN_MS);
  };
  const tell = (): void => {
    onChange();
    clearTimeout(second);
    second = setTimeout(onChange, LISTED_MS);
  };
  const open = (): void => {
    timer = undefined;
    const events = ['start', 'die', 'destroy', 'rename'];
    const filters = { type: ['container' as const], event: events, label: workerFilter(worker) };
    patient.getEvents({ filters }).then((opened) => {
      stream = opened as unknown as Readable;
      if (stopped) return void stream.destroy();
      // Read as a signal only: what is true now is asked from the engine, not pieced together from events.
      stream.on('data', tell).on('error', again).on('close', again);
      onOpen();
    }, again);
  };
  open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    clearTimeout(second);
    stream?.destroy();
  };
}
