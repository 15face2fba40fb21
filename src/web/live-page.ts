import { type Refused, reasonSaid } from './api.ts';
import { el } from './dom.ts';
import type { LiveView } from './fleet.ts';
import { said, say, timeOfDay } from './language.ts';
import { follow } from './live.ts';

/** A page of the console that shows what is now. */
export interface LivePage {
  readonly element: HTMLElement;
  /** At each change, and every second, since countdowns and ages go on without one. */
  update(view: LiveView): void;
}

/** What a page needs beside the view. */
export interface PageActions {
  readonly mayChange: boolean;
  /** Says above everything else why something did not work; undefined takes it away. */
  readonly complain: (problem: unknown) => void;
}

const TICK_MS = 1000;

/** Shows a page and keeps it true. Returns what leaves it. */
export function showLive(
  root: HTMLElement,
  makePage: (complain: PageActions['complain']) => LivePage,
  onRefused: (problem: Refused) => void,
): () => void {
  const stopping = new AbortController();
  const problem = el('p', { class: 'banner', role: 'alert', hidden: true });
  const light = el('span', { class: 'light', 'aria-hidden': 'true' });
  const words = said('flowConnecting');
  const flow = el('p', { class: 'flow quiet-text', role: 'status' }, light, words);
  const page = makePage(complain);
  let newest: LiveView | undefined;
  let heardAt: Date | undefined;
  let isLost = false;
  root.replaceChildren(problem, page.element, flow);

  const timer = setInterval(() => newest && page.update(newest), TICK_MS);
  void follow<LiveView>(
    '/live',
    {
      view(view, kind) {
        newest = view;
        heardAt = new Date();
        if (isLost) complain(undefined);
        isLost = false;
        light.className = kind === 'live' ? 'light connected' : 'light unsteady';
        say(words, kind === 'live' ? 'flowLive' : 'flowAsking');
        page.update(view);
      },
      lost(error) {
        isLost = true;
        light.className = 'light disconnected';
        if (heardAt) say(words, 'flowLost', { time: timeOfDay(heardAt) });
        complain(error);
      },
      refused: onRefused,
    },
    stopping.signal,
  );

  function complain(error: unknown): void {
    problem.hidden = error === undefined;
    const reason = error === undefined ? '' : reasonSaid(error);
    // Said again only when it is another one.
    if (problem.textContent !== (reason === '' ? '' : reason.textContent)) problem.replaceChildren(reason);
  }

  return () => {
    clearInterval(timer);
    stopping.abort();
  };
}
