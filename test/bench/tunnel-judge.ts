import { atLeast, atMost, type Measured } from './ground.ts';
import type { Recording } from './recording.ts';
import { median, rounded, summary } from './stats.ts';

export const KINDS = ['own tunnel', 'guacamole-lite', 'plain pipe', 'lean pipe'] as const;
export type Kind = (typeof KINDS)[number];
export const COUNTS = [1, 50, 200];
/** A small frame for each connection every so often, so many times, by connections. */
export interface Tick {
  readonly everyMs: number;
  readonly times: number;
  readonly rounds: number;
}
export const TICKS: ReadonlyMap<number, Tick> = new Map([
  [1, { everyMs: 10, times: 200, rounds: 3 }],
  [50, { everyMs: 50, times: 20, rounds: 3 }],
  [200, { everyMs: 100, times: 10, rounds: 5 }],
]);
/** What a busy screen sends, to browsers that read nothing. */
export const STALLED = { mbPerSecond: 5, seconds: 60, lookSeconds: 10 };
const MB = 2 ** 20;
const MOST = 200;

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
  growth: ReadonlyMap<Kind, number[]>,
): Measured {
  const mid = (kind: Kind, count: number, of: keyof Play) =>
    median((plays.get(`${kind}, ${count}`) ?? []).map((play) => play[of]));
  const cpu = (kind: Kind, count: number) => mid(kind, count, 'cpuSecondsPerGb');
  const ratios = new Map<string, number>();
  const added: Record<string, unknown> = {};
  for (const count of COUNTS) {
    ratios.set(
      `guacamole-lite / own CPU per GB, ${count}`,
      rounded(cpu('guacamole-lite', count) / cpu('own tunnel', count)),
    );
    ratios.set(`own / plain pipe CPU per GB, ${count}`, rounded(cpu('own tunnel', count) / cpu('plain pipe', count)));
    ratios.set(`own / lean pipe CPU per GB, ${count}`, rounded(cpu('own tunnel', count) / cpu('lean pipe', count)));
    ratios.set(
      `own / guacamole-lite MB/s, ${count}`,
      rounded(mid('own tunnel', count, 'mbPerSecond') / mid('guacamole-lite', count, 'mbPerSecond')),
    );
    const direct = late(ages, 'direct', count);
    for (const kind of KINDS) {
      const { p50, p99 } = late(ages, kind, count);
      added[`${kind}, ${count}`] = { p50: rounded(p50 - direct.p50), p99: rounded(p99 - direct.p99) };
    }
  }
  const worst = (name: string, pick: (...values: number[]) => number) =>
    pick(...COUNTS.map((count) => ratios.get(`${name}, ${count}`) ?? Number.NaN));
  const p99 = rounded(late(ages, 'own tunnel', MOST).p99 - late(ages, 'direct', MOST).p99);
  const grown = Math.max(...(growth.get('own tunnel') ?? []));
  return {
    figures: {
      recording: { bytes: recording.bytes.length, instructions: recording.instructions },
      'connections → throughput of one process, medians': throughput(recording, plays),
      'added latency of a 2 kB frame by connections, ms': added,
      'age of such a frame without a tunnel, ms': Object.fromEntries(
        COUNTS.map((count) => [count, late(ages, 'direct', count)]),
      ),
      [`MB grown every ${STALLED.lookSeconds} s while one browser reads nothing, ${STALLED.mbPerSecond} MB/s`]:
        Object.fromEntries(growth),
    },
    ratios: Object.fromEntries(ratios),
    goals: [
      atLeast('throughput per CPU second / guacamole-lite', 2, worst('guacamole-lite / own CPU per GB', Math.min)),
      atMost('CPU per GB / plain pipe', 1.2, worst('own / plain pipe CPU per GB', Math.max)),
      atMost(`added latency p99, ${MOST} connections, ms`, 2, p99),
      atMost(`MB grown in ${STALLED.seconds} s with one stalled browser`, 16, grown),
    ],
  };
}

/** The round in the middle: a single stop of the whole machine must not decide for one side. */
function late(ages: ReadonlyMap<string, number[][]>, kind: string, count: number) {
  const rounds = (ages.get(`${kind}, ${count}`) ?? []).map(summary);
  return { p50: median(rounds.map(({ p50 }) => p50)), p99: median(rounds.map(({ p99 }) => p99)) };
}

function throughput(recording: Recording, plays: ReadonlyMap<string, Play[]>): Record<string, unknown> {
  const perMb = recording.instructions / (recording.bytes.length / MB);
  const mid = (key: string, of: keyof Play) => median((plays.get(key) ?? []).map((play) => play[of]));
  const row = (key: string) => ({
    'MB/s': rounded(mid(key, 'mbPerSecond')),
    'messages/s': Math.round(mid(key, 'messagesPerSecond')),
    'instructions/s': Math.round(mid(key, 'mbPerSecond') * perMb),
    'CPU s/GB': rounded(mid(key, 'cpuSecondsPerGb')),
  });
  return Object.fromEntries([...plays.keys()].map((key) => [key, row(key)]));
}
