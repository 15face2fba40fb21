import type { Screen } from './guacd.ts';

/** The student's window from the query, within the contract's limits; what is missing or no number gets the default. */
export function readScreen(query: URLSearchParams): Screen {
  return {
    width: within(query.get('width'), 640, 7680, 1600),
    height: within(query.get('height'), 480, 4320, 900),
    dpi: within(query.get('dpi'), 72, 300, 96),
  };
}

function within(text: string | null, least: number, most: number, otherwise: number): number {
  const value = Math.round(Number(text));
  if (text === null || text === '' || !Number.isFinite(value)) return otherwise;
  return Math.min(most, Math.max(least, value));
}
