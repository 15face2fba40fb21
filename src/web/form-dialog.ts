import { Refused, reasonOf } from './api.ts';
import { button, el } from './dom.ts';
import { said } from './language.ts';
import type { TextKey } from './texts.ts';

interface FormDialog {
  readonly title: TextKey;
  readonly submit: TextKey;
  readonly fields: readonly HTMLElement[];
  /** Does it; what stands in the way is told in the dialog. False: it stays open, there is more to read. */
  readonly act: (dialog: OpenForm) => Promise<boolean>;
}

export interface OpenForm {
  /** Puts something in the place of the fields, to be read and closed. */
  show(...children: Node[]): void;
}

/** A form over the page. Resolves when it is closed, with whether anything was done. */
export function formDialog({ title, submit, fields, act }: FormDialog): Promise<boolean> {
  return new Promise((resolve) => {
    const wrong = el('p', { class: 'wrong', role: 'alert' });
    const send = el('button', { class: 'primary' }, said(submit));
    const cancel = button('cancel', 'quiet', () => dialog.close());
    const form = el('form', { class: 'fields' }, ...fields, wrong, el('div', { class: 'row end' }, cancel, send));
    const dialog = el(
      'dialog',
      { class: 'ask wide', 'aria-labelledby': 'form-title' },
      el('h2', { id: 'form-title' }, said(title)),
      form,
    );
    let done = false;

    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void attempt();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(done);
    });

    function showInstead(...children: Node[]): void {
      const close = button('close', 'primary', () => dialog.close());
      form.replaceWith(...children, el('div', { class: 'row end' }, close));
      close.focus();
    }

    async function attempt(): Promise<void> {
      send.disabled = true;
      wrong.textContent = '';
      try {
        const isOver = await act({ show: showInstead });
        done = true;
        if (isOver) dialog.close();
      } catch (error) {
        wrong.textContent = reasonOf(error);
        focusFirst(form, error);
      } finally {
        send.disabled = false;
      }
    }

    document.body.append(dialog);
    dialog.showModal();
    form.querySelector<HTMLElement>('input, select, textarea')?.focus();
  });
}

/** A field below its name. */
export function field(key: TextKey, input: HTMLElement, hint?: TextKey): HTMLElement {
  return el('label', { class: 'field' }, said(key), input, ...(hint ? [hinted(hint)] : []));
}

function hinted(key: TextKey): HTMLElement {
  const hint = said(key);
  hint.className = 'quiet-text';
  return hint;
}

/** The cursor goes to the field that the server named first. */
function focusFirst(form: HTMLFormElement, error: unknown): void {
  const fields = error instanceof Refused ? error.answer.fields : undefined;
  const first = Array.isArray(fields) ? String(fields[0]?.field) : undefined;
  if (first) form.querySelector<HTMLElement>(`[name="${CSS.escape(first)}"]`)?.focus();
}
