import type { Held } from './invariants.ts';

export interface Row {
  readonly fault: string;
  /** It was provoked, and what was asked meanwhile got a proper answer. */
  readonly provoked: true | string;
  readonly held?: Held;
  readonly backMs: number;
  readonly goalMs: number;
}

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
  { head: 'nothing left over', look: held('clean') },
  { head: 'history', look: held('told') },
  { head: 'in time', look: ({ backMs, goalMs }) => backMs <= goalMs || `goal ${goalMs / 1000} s` },
];

const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : 'never');

export function isHeld(row: Row): boolean {
  return MARKS.every(({ look }) => look(row) === true);
}

/** Prints fault × what held. @returns the exit code */
export function report(rows: readonly Row[]): number {
  const width = Math.max(5, ...rows.map(({ fault }) => fault.length));
  console.log(`\n${['fault'.padEnd(width), 'back in', ...MARKS.map(({ head }) => head)].join(' | ')}`);
  for (const row of rows) {
    const marks = MARKS.map(({ head, look }) => {
      const what = look(row);
      return what === true ? 'held'.padEnd(head.length) : `BROKEN ${what}`;
    });
    console.log([row.fault.padEnd(width), seconds(row.backMs).padStart(7), ...marks].join(' | '));
  }
  const failed = rows.filter((row) => !isHeld(row)).length;
  // A run that provoked nothing has shown nothing.
  console.log(
    `\n${rows.length - failed} passed, ${failed} failed${rows.length === 0 ? ': no fault of this name' : ''}`,
  );
  return failed === 0 && rows.length > 0 ? 0 : 1;
}
