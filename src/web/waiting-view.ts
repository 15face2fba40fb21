import { spanText } from './countdown.ts';
import { button, el } from './dom.ts';
import { said, say } from './language.ts';
import type { TextKey } from './texts.ts';

export interface WaitingView {
  readonly element: HTMLElement;
  /** What is being waited for now. */
  tell(key: TextKey, attempt: number): void;
  end(): void;
}

/** Waiting, with what is really known: what for, how long already, which try. No bar, since nobody knows the length. */
export function waitingView(examName: string, onCancel: () => void): WaitingView {
  const began = Date.now();
  const what = el('p', { class: 'lead', role: 'status' });
  const how = el('p', { class: 'quiet-text' });
  let attempt = 1;
  const tick = () => say(how, 'waited', { time: spanText(Date.now() - began), n: attempt });
  const timer = setInterval(tick, 1000);
  tick();
  say(what, 'waitAsking');
  const element = el(
    'section',
    { class: 'card narrow centered', 'aria-busy': 'true' },
    el('div', { class: 'spinner', 'aria-hidden': 'true' }),
    el('h1', {}, said('waitingTitle')),
    el('p', { class: 'exam-name' }, examName),
    what,
    how,
    button('cancel', 'quiet', onCancel),
  );
  return {
    element,
    tell(key, tries) {
      attempt = tries;
      say(what, key);
      tick();
    },
    end: () => clearInterval(timer),
  };
}
