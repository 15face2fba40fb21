import { call, reasonOf } from './api.ts';
import { counts } from './counts.ts';
import { button, el } from './dom.ts';
import { said, say, timeOfDay } from './language.ts';

interface ReconcileAnswer {
  readonly scanned: number;
  readonly cleaned: number;
  readonly malformed: number;
  readonly staleWithoutSession: number;
  readonly remoteSessionCountersFixed: number;
  readonly affinityFixed: number;
}

/** The button Reconcile now, and the place where its counts appear. */
export function reconcileView(changed: () => void): { readonly button: HTMLElement; readonly result: HTMLElement } {
  const result = el('div', { class: 'result reconcile', role: 'status', hidden: true });
  const start = button('reconcileNow', 'quiet', () => void run());

  async function run(): Promise<void> {
    start.disabled = true;
    say(start, 'reconcileRunning');
    try {
      const answer = await call<ReconcileAnswer>('POST', '/vdi/workers/reconcile');
      result.replaceChildren(
        el('p', { class: 'strong' }, said('reconcileDone', { time: timeOfDay(new Date()) })),
        counts([
          ['rcScanned', answer.scanned],
          ['rcCleaned', answer.cleaned],
          ['rcMalformed', answer.malformed],
          ['rcStale', answer.staleWithoutSession],
          ['rcCounters', answer.remoteSessionCountersFixed],
          ['rcAffinity', answer.affinityFixed],
        ]),
      );
      changed();
    } catch (error) {
      result.replaceChildren(el('p', { class: 'wrong' }, reasonOf(error)));
    } finally {
      result.hidden = false;
      start.disabled = false;
      say(start, 'reconcileNow');
    }
  }

  return { button: start, result };
}
