/** What one figure was, look after look. */
export interface Series {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  /** It may rise by this much over the run, whatever its size: how much it differs from look to look. */
  readonly noise: number;
  /** And by this part of its mean, where that is more. */
  readonly share: number;
}

export interface Course {
  readonly start: number;
  readonly middle: number;
  readonly end: number;
  /** By how much the straight line through all looks rises from the first to the last. */
  readonly rise: number;
  readonly allowed: number;
  readonly isFlat: boolean;
}

/** What programs take until they have been everywhere once is not growth. */
const WARM_UP = 1 / 10;
const EDGE = 1 / 8;
const LEAST_LOOKS = 8;

/**
 * A figure is flat when the line through its looks, the first tenth left out, rises by no more than its noise, or
 * no more than its share of its mean. What falls is flat.
 */
export function courseOf({ name, values, noise, share }: Series): Course {
  const looks = values.slice(Math.floor(values.length * WARM_UP));
  if (looks.length < LEAST_LOOKS) throw new Error(`${name}: ${values.length} looks are too few; let it run longer`);
  const [mean, last] = [average(looks), looks.length - 1];
  const spread = looks.reduce((sum, _, at) => sum + (at - last / 2) ** 2, 0);
  const slope = looks.reduce((sum, value, at) => sum + (at - last / 2) * (value - mean), 0) / spread;
  const rise = slope * last;
  const allowed = Math.max(noise, mean * share);
  const edge = Math.ceil(looks.length * EDGE);
  const half = Math.floor((looks.length - edge) / 2);
  return {
    start: average(looks.slice(0, edge)),
    middle: average(looks.slice(half, half + edge)),
    end: average(looks.slice(-edge)),
    rise,
    allowed,
    isFlat: rise <= allowed,
  };
}

/** Prints how each figure went. @returns names of those that are not flat */
export function reportFlat(all: readonly Series[], minutes: number): string[] {
  const width = Math.max(...all.map(({ name }) => name.length));
  const heads = ['start', 'middle', 'end', 'rise', 'allowed', 'per hour'];
  console.log(`\n${'figure'.padEnd(width)} | ${heads.map((head) => head.padStart(9)).join(' | ')}`);
  return all.flatMap((series) => {
    const { start, middle, end, rise, allowed, isFlat } = courseOf(series);
    const perHour = (rise * 60) / (minutes * (1 - WARM_UP));
    const told = [start, middle, end, rise, allowed, perHour].map((value) => value.toFixed(1).padStart(9));
    const name = series.name.padEnd(width);
    console.log(`${name} | ${told.join(' | ')} ${series.unit}${isFlat ? '' : '  NOT FLAT'}`);
    return isFlat ? [] : [series.name];
  });
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
