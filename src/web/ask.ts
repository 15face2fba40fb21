import { call } from './api.ts';
import { button, el } from './dom.ts';
import { said } from './language.ts';
import { reasonSaid } from './reason.ts';
import type { TextKey } from './texts.ts';

interface Question {
  readonly title: Node;
  readonly lead: Node;
  readonly yes: TextKey;
  readonly no: TextKey;
}

/**
 * Asks before something that cannot be taken back, and does it when the answer is yes. A failure is told in the dialog,
 * which stays open, so that the person can try again. True when it was done.
 */
export function ask(
  question: Question,
  act: () => Promise<void>,
  reason: (error: unknown) => Node = reasonSaid,
): Promise<boolean> {
  return new Promise((resolve) => {
    const wrong = el('p', { class: 'wrong', role: 'alert' });
    const no = button(question.no, 'quiet', () => dialog.close());
    const yes = button(question.yes, 'danger', () => void attempt());
    const title = el('h2', { id: 'ask-title' }, question.title);
    const dialog = el(
      'dialog',
      { class: 'ask', 'aria-labelledby': 'ask-title' },
      title,
      el('p', {}, question.lead),
      wrong,
      el('div', { class: 'row end' }, no, yes),
    );
    let done = false;

    async function attempt(): Promise<void> {
      yes.disabled = true;
      wrong.replaceChildren();
      try {
        await act();
        done = true;
        dialog.close();
      } catch (error) {
        wrong.replaceChildren(reason(error));
        yes.disabled = false;
      }
    }

    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(done);
    });
    document.body.append(dialog);
    dialog.showModal();
    // The harmless answer has the focus: Enter by habit must not hand in.
    no.focus();
  });
}

/** The same question in plain words. */
export function question(title: TextKey, lead: TextKey, yes: TextKey, no: TextKey): Question {
  return { title: said(title), lead: said(lead), yes, no };
}

/** Asks, then deletes what this call deletes. */
export const askRemove = (name: string, path: string): Promise<boolean> =>
  ask({ title: said('removeTitle', { name }), lead: said('removeLead'), yes: 'remove', no: 'cancel' }, () =>
    call('DELETE', path),
  );
