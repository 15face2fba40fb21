import { el } from './dom.ts';
import { reasonSaid } from './reason.ts';

/** Says above everything else why something did not work; undefined takes it away. */
export function banner(): { readonly element: HTMLElement; tell(problem: unknown): void } {
  const element = el('p', { class: 'banner', role: 'alert', hidden: true });
  return {
    element,
    tell(problem) {
      element.hidden = problem === undefined;
      const reason = problem === undefined ? '' : reasonSaid(problem);
      // Said again only when it is another one.
      if (element.textContent !== (reason === '' ? '' : reason.textContent)) element.replaceChildren(reason);
    },
  };
}
