import { call, reasonOf, serverNow } from './api.ts';
import { ask } from './ask.ts';
import { agoText } from './countdown.ts';
import { el, keepRows } from './dom.ts';
import { isDraining, poolsOf, reasonsOf, stateOf, type Worker } from './fleet.ts';
import { label, said, say } from './language.ts';
import { cell, headRow } from './table.ts';
import type { TextKey } from './texts.ts';

export interface WorkersView {
  readonly element: HTMLElement;
  update(workers: readonly Worker[], examNames: ReadonlyMap<number, string>): void;
}

interface Actions {
  /** After something was changed: read everything again. */
  readonly changed: () => void;
  readonly failed: (reason: string) => void;
  readonly mayChange: boolean;
}

const TONE = { Healthy: 'good', Stale: 'bad', Draining: 'warn', Drained: 'neutral', Disabled: 'bad', NotReady: 'warn' };

export function workersView(actions: Actions): WorkersView {
  const body = el('tbody', {});
  const columns: TextKey[] = [
    'worker',
    'state',
    'slots',
    'pools',
    ...(actions.mayChange ? (['actions'] as const) : []),
  ];
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
    const drain = el('button', { type: 'button', class: 'quiet' });
    const disable = el('button', { type: 'button', class: 'quiet' });
    drain.addEventListener('click', () => void change({ isDraining: !isDraining(worker) }).catch(tell));
    disable.addEventListener(
      'click',
      () => void (worker.isEnabled ? askDisable() : change({ isEnabled: true }).catch(tell)),
    );

    const element = el(
      'tr',
      {},
      el('th', { scope: 'row' }, name, code),
      cell('state', badge, beat, reasons),
      cell('slots', el('div', { class: 'slots-bar', 'aria-hidden': 'true' }, filled), slots),
      cell('pools', pools),
      ...(actions.mayChange ? [cell('actions', el('div', { class: 'row' }, drain, disable))] : []),
    );

    async function change(flags: object): Promise<void> {
      await call('PATCH', `/vdi/workers/${encodeURIComponent(worker.code)}`, flags);
      actions.changed();
    }

    function tell(error: unknown): void {
      actions.failed(reasonOf(error));
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
        reasonOf,
      );
    }

    const update = (now: Worker) => {
      worker = now;
      name.textContent = now.name;
      code.textContent = `${now.code} · ${now.apiBaseUrl}`;
      const state = stateOf(now);
      badge.className = `badge ${TONE[state]}`;
      say(badge, state);
      if (now.lastHeartbeatAt) {
        say(beat, 'lastBeat', { ago: agoText(serverNow() - Date.parse(now.lastHeartbeatAt)) });
      } else say(beat, 'neverBeat');
      reasons.textContent = reasonsOf(now).join('; ');
      const { activeSessions: used, maxSessions: max, availableSessions: free } = now;
      filled.style.width = `${max === 0 ? 0 : Math.min(100, (100 * used) / max)}%`;
      filled.classList.toggle('full', free === 0);
      say(slots, 'slotsInUse', { used, max, free });
      showPools(pools, now, examNames);
      say(drain, isDraining(now) ? 'resume' : 'drain');
      label(drain, isDraining(now) ? 'resumeNamed' : 'drainNamed', { name: now.name });
      say(disable, now.isEnabled ? 'disable' : 'enable');
      label(disable, now.isEnabled ? 'disableNamed' : 'enableNamed', { name: now.name });
    };
    return { element, update };
  }
}

function showPools(list: HTMLElement, worker: Worker, examNames: ReadonlyMap<number, string>): void {
  const pools = poolsOf(worker);
  const lines = pools.map(({ examId, warm, creating, inUse }) => {
    const name = examNames.get(examId);
    return el(
      'li',
      {},
      el('span', { class: 'strong' }, name ?? said('examNumber', { id: examId })),
      ' ',
      said('poolLine', { warm, filling: creating, inUse }),
    );
  });
  list.replaceChildren(...(lines.length > 0 ? lines : [el('li', { class: 'quiet-text' }, said('noPools'))]));
}
