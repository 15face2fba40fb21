/** What a set of timings says: medians for the everyday, p99 (of few samples: the worst) for the bad day. */
export interface Summary {
  readonly p50: number;
  readonly p99: number;
  readonly least: number;
  readonly samples: number;
}

export function summary(samples: readonly number[]): Summary {
  return {
    p50: rounded(quantile(samples, 0.5)),
    p99: rounded(quantile(samples, 0.99)),
    least: rounded(quantile(samples, 0)),
    samples: samples.length,
  };
}

/** By nearest rank: always a value that was really seen. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('no samples: nothing was measured');
  return value;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Two significant decimals, so that the JSON line stays readable. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Runs it and tells how long it took, in milliseconds. */
export async function timed<T>(act: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const began = performance.now();
  const value = await act();
  return { value, ms: performance.now() - began };
}
