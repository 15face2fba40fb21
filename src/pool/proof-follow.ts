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
  };
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
    const timer = setTimeout(done, ms);
    follow.wakers.add(done);
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
