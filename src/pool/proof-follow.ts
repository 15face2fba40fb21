import type { ProofRecord } from '../desktop/proof.ts';

/** One desktop that is listened to, from its last start on. */
export interface Follow {
  readonly stop: AbortController;
  readonly wakers: Set<() => void>;
  seq: number;
  heardAt: number;
  signature: string;
  /** The engine's stream is open: silence is the desktop's. */
  isOpen: boolean;
  /** When the engine was last away, as this stream saw it. */
  away: { readonly from: number; until: number } | undefined;
  watchdog?: NodeJS.Timeout;
  /** Last good record. */
  record?: ProofRecord;
  /** Why the last record did not count. */
  old?: string;
}

export function newFollow(): Follow {
  return {
    stop: new AbortController(),
    wakers: new Set(),
    seq: 0,
    heardAt: 0,
    signature: '',
    isOpen: false,
    away: undefined,
  };
}

/** Before it was missed, and after it was back: its name service is not there at once. Milliseconds. */
const AROUND_MS = 10_000;

/**
 * Whether what a desktop tried at this time met an engine that was away: names resolve through it, so tries that need one
 * fail then, though the lock holds.
 */
export function isOfAbsence({ away }: Pick<Follow, 'away'>, at: number): boolean {
  return away !== undefined && at >= away.from - AROUND_MS && at <= away.until + AROUND_MS;
}

export function wake(follow: Follow): void {
  for (const waker of [...follow.wakers]) waker();
}

/** Resolves at the next word on this desktop's lock, or after `ms`. */
export function nextOf(follow: Follow, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      follow.wakers.delete(done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    follow.wakers.add(done);
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
