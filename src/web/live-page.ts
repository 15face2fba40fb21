import type { Refused } from './api.ts';
import { banner } from './banner.ts';
import { el } from './dom.ts';
import type { LiveView } from './fleet.ts';
import { said, say } from './language.ts';
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
  const problem = banner();
  const light = el('span', { class: 'light', 'aria-hidden': 'true' });
  const words = said('flowConnecting');
  const flow = el('p', { class: 'flow quiet-text', role: 'status' }, light, words);
  const page = makePage(problem.tell);
  let newest: LiveView | undefined;
  let heardAt: Date | undefined;
  let isLost = false;
  root.replaceChildren(problem.element, page.element, flow);

  const timer = setInterval(() => newest && page.update(newest), TICK_MS);
  void follow<LiveView>(
    '/live',
    {
      view(view, kind) {
        newest = view;
        heardAt = new Date();
        if (isLost) problem.tell(undefined);
        isLost = false;
        light.className = kind === 'live' ? 'light connected' : 'light unsteady';
        say(words, kind === 'live' ? 'flowLive' : 'flowAsking');
        page.update(view);
      },
      lost(error) {
        isLost = true;
        light.className = 'light disconnected';
        if (heardAt) say(words, 'flowLost', { at: heardAt.toISOString() });
        problem.tell(error);
      },
      refused: onRefused,
    },
    stopping.signal,
  );

  return () => {
    clearInterval(timer);
    stopping.abort();
  };
}
