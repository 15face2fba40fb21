import { call, serverNow } from './api.ts';
import { ask } from './ask.ts';
import { agoText } from './countdown.ts';
import { el, keepRows } from './dom.ts';
import { isDraining, type PoolLine, poolsOf, reasonsOf, stateOf, type Worker } from './fleet.ts';
import { label, said, say, showPlain } from './language.ts';
import type { PageActions } from './live-page.ts';
import { poolView } from './pool-view.ts';
import { cell, headRow } from './table.ts';
import type { TextKey } from './texts.ts';

export interface WorkersView {
  readonly element: HTMLElement;
  update(workers: readonly Worker[], examNames: ReadonlyMap<number, string>): void;
}

const TONE = { Healthy: 'good', Stale: 'bad', Draining: 'warn', Drained: 'neutral', Disabled: 'bad', NotReady: 'warn' };

export function workersView({ mayChange, complain }: PageActions): WorkersView {
  const body = el('tbody', {});
  const columns: TextKey[] = ['worker', 'state', 'slots', 'pools', ...(mayChange ? (['actions'] as const) : [])];
  const table = el('table', { class: 'workers', hidden: true }, headRow(columns), body);
  const none = el(
    'div',
    { class: 'empty', hidden: true },
    el('p', { class: 'strong' }, said('noWorkers')),
    el('p', { class: 'quiet-text' }, said('noWorkersLead')),
  );
  const rows = new Map<string, { element: HTMLElement; update: (worker: Worker) => void }>();
  let examNames: ReadonlyMap<number, string> = new Map();

  return {
    element: el('div', {}, none, table),
    update(workers, names) {
      examNames = names;
      none.hidden = workers.length > 0;
      table.hidden = workers.length === 0;
      keepRows(body, workers, ({ code }) => code, makeRow, rows);
    },
  };

  function makeRow(first: Worker) {
    let worker = first;
    const name = el('span', { class: 'strong' });
    const code = el('span', { class: 'quiet-text' });
    const badge = el('span', { class: 'badge' });
    const beat = el('span', { class: 'quiet-text' });
    const reasons = el('span', { class: 'reasons' });
    const filled = el('div', { class: 'slots-used' });
    const slots = el('span', { class: 'slots-text' });
    const pools = el('ul', { class: 'pools' });
    const noPools = el('span', { class: 'quiet-text' }, said('noPools'));
    const poolRows = new Map<string, { element: HTMLElement; update: (pool: PoolLine) => void }>();
    const drain = el('button', { type: 'button', class: 'quiet' });
    const disable = el('button', { type: 'button', class: 'quiet' });
    drain.addEventListener('click', () => void attempt({ isDraining: !isDraining(worker) }));
    disable.addEventListener('click', () => void (worker.isEnabled ? askDisable() : attempt({ isEnabled: true })));

    const element = el(
      'tr',
      {},
      el('th', { scope: 'row' }, name, code),
      cell('state', badge, beat, reasons),
      cell('slots', el('div', { class: 'slots-bar', 'aria-hidden': 'true' }, filled), slots),
      cell('pools', pools, noPools),
      ...(mayChange ? [cell('actions', el('div', { class: 'row' }, drain, disable))] : []),
    );

    let isBusy = false;
    const change = (flags: object) => call<void>('PATCH', `/vdi/workers/${encodeURIComponent(worker.code)}`, flags);

    async function attempt(flags: object): Promise<void> {
      // Not by disabling the button: it would lose the keyboard's focus.
      if (isBusy) return;
      isBusy = true;
      try {
        await change(flags);
        complain(undefined);
      } catch (error) {
        complain(error);
      } finally {
        isBusy = false;
      }
    }

    async function askDisable(): Promise<void> {
      const busy = worker.activeSessions > 0;
      await ask(
        {
          title: said('disableTitle', { name: worker.name }),
          lead: busy ? said('disableForceLead', { n: worker.activeSessions }) : said('disableLead'),
          yes: busy ? 'disableForce' : 'disable',
          no: 'cancel',
        },
        () => change({ isEnabled: false, ...(busy ? { force: true } : {}) }),
      );
    }

    function makePool({ examId }: PoolLine) {
      const exam = said('examNumber', { id: examId });
      exam.className = 'strong';
      const pool = poolView();
      const update = (line: PoolLine) => {
        const name = examNames.get(examId);
        if (name === undefined) say(exam, 'examNumber', { id: examId });
        else showPlain(exam, name);
        pool.update(line);
      };
      return { element: el('li', {}, exam, pool.element), update };
    }

    const update = (now: Worker) => {
      worker = now;
      showPlain(name, now.name);
      showPlain(code, `${now.code} · ${now.apiBaseUrl}`);
      const state = stateOf(now);
      badge.className = `badge ${TONE[state]}`;
      say(badge, state);
      if (now.lastHeartbeatAt) {
        say(beat, 'lastBeat', { ago: agoText(serverNow() - Date.parse(now.lastHeartbeatAt)) });
      } else say(beat, 'neverBeat');
      showPlain(reasons, reasonsOf(now).join('; '));
      const { activeSessions: used, maxSessions: max, availableSessions: free } = now;
      filled.style.width = `${max === 0 ? 0 : Math.min(100, (100 * used) / max)}%`;
      filled.classList.toggle('full', free === 0);
      say(slots, 'slotsInUse', { used, max, free });
      const lines = poolsOf(now);
      noPools.hidden = lines.length > 0;
      keepRows(pools, lines, ({ examId }) => String(examId), makePool, poolRows);
      say(drain, isDraining(now) ? 'resume' : 'drain');
      label(drain, isDraining(now) ? 'resumeNamed' : 'drainNamed', { name: now.name });
      say(disable, now.isEnabled ? 'disable' : 'enable');
      label(disable, now.isEnabled ? 'disableNamed' : 'enableNamed', { name: now.name });
    };
    return { element, update };
  }
}
