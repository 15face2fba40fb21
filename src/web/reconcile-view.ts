import { call, serverNow } from './api.ts';
import { agoText } from './countdown.ts';
import { counts } from './counts.ts';
import { button, el } from './dom.ts';
import type { LiveView } from './fleet.ts';
import { said, say } from './language.ts';
import { reasonSaid } from './reason.ts';
import { isTextKey } from './texts.ts';

interface Detail {
  readonly kind: string;
  readonly why?: string | null;
  readonly examId?: number | null;
  readonly userId?: number | null;
  readonly username?: string | null;
  readonly workerCode?: string | null;
}

interface ReconcileAnswer {
  readonly scanned: number;
  readonly cleaned: number;
  readonly malformed: number;
  readonly staleWithoutSession: number;
  readonly remoteSessionCountersFixed: number;
  readonly affinityFixed: number;
  readonly workersSilent?: number;
  readonly details?: readonly Detail[];
}

/** The button Reconcile now, and the place where its counts appear, with what was cleaned one by one. */
export function reconcileView(): {
  readonly button: HTMLElement;
  readonly result: HTMLElement;
  update(last: LiveView['lastReconcile']): void;
} {
  const result = el('div', { class: 'result reconcile', role: 'status', hidden: true });
  const last = el('p', { class: 'quiet-text' });
  const start = button('reconcileNow', 'quiet', () => void run());

  async function run(): Promise<void> {
    start.disabled = true;
    say(start, 'reconcileRunning');
    try {
      showResult(await call<ReconcileAnswer>('POST', '/vdi/workers/reconcile'));
    } catch (error) {
      result.replaceChildren(el('p', { class: 'wrong' }, reasonSaid(error)));
    } finally {
      result.hidden = false;
      start.disabled = false;
      say(start, 'reconcileNow');
    }
  }

  function showResult(answer: ReconcileAnswer): void {
    const { details = [], workersSilent = 0 } = answer;
    const close = button('close', 'quiet', () => {
      result.hidden = true;
      start.focus();
    });
    result.replaceChildren(
      el(
        'div',
        { class: 'row spread' },
        el('p', { class: 'strong' }, said('reconcileDone', { at: new Date().toISOString() })),
        close,
      ),
      counts([
        ['rcScanned', answer.scanned],
        ['rcCleaned', answer.cleaned],
        ['rcMalformed', answer.malformed],
        ['rcStale', answer.staleWithoutSession],
        ['rcCounters', answer.remoteSessionCountersFixed],
        ['rcAffinity', answer.affinityFixed],
      ]),
      ...(workersSilent > 0 ? [el('p', { class: 'reasons' }, said('rcSilent', { n: workersSilent }))] : []),
      ...(answer.cleaned === 0 && details.length === 0 ? [el('p', { class: 'quiet-text' }, said('rcNothing'))] : []),
      el('ul', { class: 'changes' }, ...details.map((detail) => el('li', {}, lineOf(detail)))),
    );
  }

  return {
    button: start,
    result: el('div', { class: 'reconciled' }, last, result),
    update(run) {
      if (run) say(last, 'rcLast', { ago: agoText(serverNow() - Date.parse(run.at)), n: run.cleaned });
    },
  };
}

/** One change in words; a kind that this page does not know by its own name. */
function lineOf({ kind, why, examId, userId, username, workerCode }: Detail): HTMLElement {
  const fill = { student: username ?? userId ?? '?', exam: examId ?? '?', worker: workerCode ?? '?' };
  const key = [`rc_${kind}_${why}`, `rc_${kind}`].find(isTextKey);
  return key ? said(key, fill) : said('rcOther', { ...fill, kind: why ? `${kind} (${why})` : kind });
}
