import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './ports.ts';

/** Runs it now and again until the signal; a failure is logged and the next round comes all the same. */
export function repeat(everyMs: number, signal: AbortSignal, log: Log, name: string, run: () => Promise<void>): void {
  const loop = async () => {
    while (!signal.aborted) {
      await run().catch((err: unknown) => log.error({ err }, `${name} failed`));
      await sleep(everyMs, undefined, { signal }).catch(() => {});
    }
  };
  void loop();
}
