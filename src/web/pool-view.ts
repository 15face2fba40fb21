import { el } from './dom.ts';
import type { PoolCounts } from './fleet.ts';
import { label, said, say } from './language.ts';

/** How far a pool is filled: a bar while a number of warm desktops is wanted, and the counts in words. */
export function poolView(): { readonly element: HTMLElement; update(pool: PoolCounts): void } {
  const warm = el('div', { class: 'bar-part warm' });
  const filling = el('div', { class: 'bar-part filling' });
  const bar = el('div', { class: 'slots-bar pool-bar', role: 'progressbar', 'aria-valuemin': 0 }, warm, filling);
  const words = said('poolLine', { warm: 0, filling: 0, inUse: 0 });
  return {
    element: el('div', { class: 'pool' }, bar, words),
    update(pool) {
      const { wanted, creating, inUse } = pool;
      bar.hidden = wanted === 0;
      if (wanted > 0) {
        const share = (count: number) => `${Math.min(100, (100 * count) / wanted)}%`;
        warm.style.width = share(pool.warm);
        filling.style.width = share(Math.min(creating, Math.max(0, wanted - pool.warm)));
        bar.setAttribute('aria-valuemax', String(wanted));
        bar.setAttribute('aria-valuenow', String(Math.min(pool.warm, wanted)));
        label(bar, 'poolBar', { warm: pool.warm, wanted });
        say(words, 'poolOfLine', { warm: pool.warm, wanted, filling: creating, inUse });
      } else say(words, 'poolLine', { warm: pool.warm, filling: creating, inUse });
    },
  };
}
