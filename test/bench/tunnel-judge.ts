import { atLeast, atMost, type Measured } from './ground.ts';
import type { Recording } from './recording.ts';
import { median, rounded, summary } from './stats.ts';

export const KINDS = ['own tunnel', 'guacamole-lite', 'plain pipe'] as const;
export type Kind = (typeof KINDS)[number];
export const COUNTS = [1, 50];
export const TICK = { count: 200, everyMs: 100, times: 10, rounds: 3 };
export const STALLED = { bytes: 300 * 2 ** 20, ms: 8_000 };
const MB = 2 ** 20;

/** One kind's throughput over one volume. */
export interface Play {
  readonly mbPerSecond: number;
  readonly messagesPerSecond: number;
  readonly cpuSecondsPerGb: number;
}

/** Figures and goals of everything that was measured. */
export function judge(
  recording: Recording,
  plays: ReadonlyMap<string, Play[]>,
  ages: ReadonlyMap<string, number[][]>,
  growth: ReadonlyMap<Kind, number>,
): Measured {
  const mid = (key: string, of: keyof Play) => median((plays.get(key) ?? []).map((play) => play[of]));
  const cpu = (kind: Kind, count: number) => mid(`${kind}, ${count}`, 'cpuSecondsPerGb');
  // The round in the middle: a single stop of the whole machine must not decide for one side.
  const late = (kind: string) => {
    const rounds = (ages.get(kind) ?? []).map(summary);
    return { p50: median(rounds.map(({ p50 }) => p50)), p99: median(rounds.map(({ p99 }) => p99)) };
  };
  const perMb = recording.instructions / (recording.bytes.length / MB);
  const played = [...plays.keys()].map((key) => [
    key,
    {
      'MB/s': rounded(mid(key, 'mbPerSecond')),
      'messages/s': Math.round(mid(key, 'messagesPerSecond')),
      'instructions/s': Math.round(mid(key, 'mbPerSecond') * perMb),
      'CPU s/GB': rounded(mid(key, 'cpuSecondsPerGb')),
    },
  ]);
  const [ours, lite] = [growth.get('own tunnel') ?? 0, growth.get('guacamole-lite') ?? 0];
  const ratios: Record<string, number> = {};
  for (const count of COUNTS) {
    ratios[`guacamole-lite / own CPU per GB, ${count}`] = rounded(
      cpu('guacamole-lite', count) / cpu('own tunnel', count),
    );
    ratios[`own / plain pipe CPU per GB, ${count}`] = rounded(cpu('own tunnel', count) / cpu('plain pipe', count));
  }
  const added = rounded(late('own tunnel').p99 - late('direct').p99);
  const worst = (name: string, pick: (...values: number[]) => number) =>
    pick(...COUNTS.map((count) => ratios[`${name}, ${count}`] ?? 0));
  return {
    figures: {
      recording: { bytes: recording.bytes.length, instructions: recording.instructions },
      'connections → throughput, medians': Object.fromEntries(played),
      [`age of a 2 kB frame, ${TICK.count} connections, ${1000 / TICK.everyMs}/s each, ms`]: Object.fromEntries(
        [...ages.keys()].map((kind) => [kind, late(kind)]),
      ),
      [`MB grown in ${STALLED.ms / 1000} s with one stalled browser`]: { 'own tunnel': ours, 'guacamole-lite': lite },
    },
    ratios,
    goals: [
      atLeast('throughput per CPU second / guacamole-lite', 2, worst('guacamole-lite / own CPU per GB', Math.min)),
      atMost('CPU per GB / plain pipe', 1.2, worst('own / plain pipe CPU per GB', Math.max)),
      atMost(`added latency p99, ${TICK.count} connections, ms`, 2, added),
      atMost('MB grown with one stalled browser', 32, ours),
    ],
  };
}
