/** Waits; ends early when the network comes back, when `signal` says so, or when whoever got the offer does. */
export function pause(ms: number, signal: AbortSignal, offer?: (now: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    window.addEventListener('online', end);
    signal.addEventListener('abort', end);
    offer?.(end);
  });
}
