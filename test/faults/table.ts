import type { Held } from './invariants.ts';

export const NEVER = Number.POSITIVE_INFINITY;

export interface Row {
  readonly fault: string;
  /** It was provoked, and what was asked meanwhile got a proper answer. */
  readonly provoked: true | string;
  readonly held?: Held;
  /** Until every student sees his desktop: from when the part is back, or for a desktop's own death from its beginning. */
  readonly usableMs: number;
  /** From when the part is back until everything else, the history too, has been looked at and found as it must be. */
  readonly backMs: number;
  /** For both times. */
  readonly goals: { readonly usableMs: number; readonly backMs: number };
}

/** The times of what did not come back. */
export const NOT_BACK = { usableMs: NEVER, backMs: NEVER, goals: { usableMs: 0, backMs: 0 } };

type Mark = { readonly head: string; look(row: Row): true | string };

const held =
  (name: keyof Held): Mark['look'] =>
  (row) =>
    row.held?.[name] ?? 'not known';

const MARKS: readonly Mark[] = [
  { head: 'provoked', look: ({ provoked }) => provoked },
  { head: 'same desktop, same work', look: held('same') },
  { head: 'painted', look: held('seen') },
  { head: 'one each', look: held('one') },
  { head: 'exam page', look: held('site') },
  { head: 'locked', look: held('locked') },
  { head: 'handed in, kept', look: held('kept') },
  { head: 'nothing left over', look: held('clean') },
  { head: 'history', look: held('told') },
  {
    head: 'in time',
    look: (row) => isInTime(row) || `goals ${seconds(row.goals.usableMs)} and ${seconds(row.goals.backMs)}`,
  },
];

const isInTime = ({ usableMs, backMs, goals }: Row): boolean => usableMs <= goals.usableMs && backMs <= goals.backMs;

const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : 'never');

export function isHeld(row: Row): boolean {
  return MARKS.every(({ look }) => look(row) === true);
}

/** One row in short. */
export function told(row: Row): string {
  const wrong = MARKS.flatMap(({ head, look }) => {
    const what = look(row);
    return what === true ? [] : [`BROKEN ${head}: ${what}`];
  });
  return `usable in ${seconds(row.usableMs)}, all as it was in ${seconds(row.backMs)}${wrong.length === 0 ? ', held' : ''}${wrong.map((each) => `\n  ${each}`).join('')}`;
}

/** Prints fault × what held. @returns the exit code */
export function report(rows: readonly Row[]): number {
  const width = Math.max(5, ...rows.map(({ fault }) => fault.length));
  const heads = ['usable in', 'all in', ...MARKS.map(({ head }) => head)];
  console.log(`\n${['fault'.padEnd(width), ...heads].join(' | ')}`);
  for (const row of rows) {
    const marks = MARKS.map(({ head, look }) => {
      const what = look(row);
      return what === true ? 'held'.padEnd(head.length) : `BROKEN ${what}`;
    });
    const times = [seconds(row.usableMs).padStart(9), seconds(row.backMs).padStart(6)];
    console.log([row.fault.padEnd(width), ...times, ...marks].join(' | '));
  }
  const failed = rows.filter((row) => !isHeld(row)).length;
  // A run that provoked nothing has shown nothing.
  console.log(
    `\n${rows.length - failed} passed, ${failed} failed${rows.length === 0 ? ': no fault of this name' : ''}`,
  );
  return failed === 0 && rows.length > 0 ? 0 : 1;
}
