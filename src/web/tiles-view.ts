import { el } from './dom.ts';
import type { LiveView } from './fleet.ts';
import { said, say, showPlain } from './language.ts';
import type { TextKey } from './texts.ts';

const SUMS: readonly (readonly [key: TextKey, of: (view: LiveView) => number])[] = [
  ['tileSlots', ({ summary }) => summary.maxSessions],
  ['tileInUse', ({ summary }) => summary.activeSessions],
  ['tileFree', ({ summary }) => summary.availableSessions],
  ['tileWarm', ({ exams }) => exams.reduce((warm, { pool }) => warm + pool.warm, 0)],
];

/** The sums over all workers that beat. */
export function tilesView(): { readonly element: HTMLElement; update(view: LiveView): void } {
  const tile = (key: TextKey) => ({ name: el('dt', {}, said(key)), number: el('dd', {}, '–') });
  const workers = tile('tileWorkers');
  const sums = SUMS.map(([key, of]) => ({ ...tile(key), of }));
  return {
    element: el('dl', { class: 'tiles' }, ...[workers, ...sums].map(({ name, number }) => el('div', {}, name, number))),
    update(view) {
      say(workers.number, 'ofTotal', { n: view.summary.healthy, total: view.summary.total });
      for (const { number, of } of sums) showPlain(number, String(of(view)));
    },
  };
}
