import { button, el } from './dom.ts';
import { type Fill, said } from './language.ts';
import type { TextKey } from './texts.ts';

export interface Message {
  readonly title: TextKey;
  readonly lead: TextKey;
  readonly fill?: Fill;
  readonly good?: boolean;
  /** The next sensible thing first. */
  readonly actions: readonly { readonly key: TextKey; readonly act: () => void }[];
}

/** One thing to know, and what to do next. */
export function messageView({ title, lead, fill, good, actions }: Message): HTMLElement {
  return el(
    'section',
    { class: 'card narrow centered' },
    el('div', { class: good ? 'mark good' : 'mark', 'aria-hidden': 'true' }, good ? '✓' : '!'),
    el('h1', {}, said(title)),
    el('p', { class: 'lead' }, said(lead, fill)),
    el(
      'div',
      { class: 'row center' },
      ...actions.map(({ key, act }, index) => button(key, index === 0 ? 'primary' : 'quiet', act)),
    ),
  );
}
