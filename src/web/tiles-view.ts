import { el } from './dom.ts';
import { poolsOf, type Worker } from './fleet.ts';
import { said, say } from './language.ts';

const KEYS = ['tileWorkers', 'tileSlots', 'tileInUse', 'tileFree', 'tileWarm'] as const;

/** The sums over all workers that beat. */
export function tilesView(): { readonly element: HTMLElement; update(workers: readonly Worker[]): void } {
  const numbers = new Map(KEYS.map((key) => [key, el('dd', {}, '–')]));
  const element = el(
    'dl',
    { class: 'tiles' },
    ...[...numbers].map(([key, number]) => el('div', {}, el('dt', {}, said(key)), number)),
  );
  return {
    element,
    update(workers) {
      const healthy = workers.filter(({ isHealthy }) => isHealthy);
      const sum = (of: (worker: Worker) => number) => healthy.reduce((total, worker) => total + of(worker), 0);
      const set = (key: (typeof KEYS)[number], value: number) => {
        const number = numbers.get(key);
        if (number) number.textContent = String(value);
      };
      const first = numbers.get('tileWorkers');
      if (first) say(first, 'ofTotal', { n: healthy.length, total: workers.length });
      const slots = sum(({ maxSessions }) => maxSessions);
      const inUse = sum(({ activeSessions }) => activeSessions);
      // Free is where a student could be sent now.
      const free = sum((worker) => (worker.isSchedulable ? worker.availableSessions : 0));
      const warm = sum((worker) => poolsOf(worker).reduce((total, pool) => total + pool.warm, 0));
      set('tileSlots', slots);
      set('tileInUse', inUse);
      set('tileFree', free);
      set('tileWarm', warm);
    },
  };
}
