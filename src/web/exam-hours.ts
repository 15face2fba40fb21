import { spanText } from './countdown.ts';
import type { Exam } from './fleet.ts';
import type { TextKey } from './texts.ts';

export type Hours = Pick<Exam, 'startTime' | 'endTime' | 'isActive'>;

/** Whether students may come in now. */
export function isOpen({ startTime, endTime, isActive }: Hours, now: number): boolean {
  return isActive && Date.parse(startTime) <= now && now < Date.parse(endTime);
}

/** The next thing that happens to it by time, and when. */
export function nextOf(
  exam: Hours,
  now: number,
): { readonly key: TextKey; readonly fill: Readonly<Record<string, string>> } {
  if (!exam.isActive) return { key: 'closed', fill: {} };
  const untilStart = Date.parse(exam.startTime) - now;
  const untilEnd = Date.parse(exam.endTime) - now;
  if (untilEnd <= 0) return { key: 'over', fill: {} };
  if (untilStart > 0) return { key: 'startsIn', fill: { time: spanText(untilStart) } };
  return { key: 'endsIn', fill: { time: spanText(untilEnd) } };
}
