import { button, el } from './dom.ts';
import { said, say } from './language.ts';
import { fieldsOf, reasonSaid } from './reason.ts';
import type { TextKey } from './texts.ts';

interface FormDialog {
  readonly title: TextKey;
  readonly submit: TextKey;
  readonly fields: readonly HTMLElement[];
  /** Takes long, and ends by the signal: Cancel and Esc stop it first, and what it came to is shown. */
  readonly canStop?: boolean;
  /** Does it; what stands in the way is told in the dialog. False: it stays open, there is more to read. */
  readonly act: (dialog: OpenForm) => Promise<boolean>;
}

export interface OpenForm {
  /** Puts something in the place of the fields, to be read and closed. */
  show(...children: Node[]): void;
  /** The person does not want it any more. */
  readonly signal: AbortSignal;
}

/** A form over the page. Resolves when it is closed, with whether anything was done. */
export function formDialog({ title, submit, fields, canStop = false, act }: FormDialog): Promise<boolean> {
  return new Promise((resolve) => {
    const wrong = el('p', { class: 'wrong', role: 'alert' });
    const send = el('button', { class: 'primary' }, said(submit));
    const cancel = button('cancel', 'quiet', () => (running ? stop() : dialog.close()));
    const form = el('form', { class: 'fields' }, ...fields, wrong, el('div', { class: 'row end' }, cancel, send));
    const dialog = el(
      'dialog',
      { class: 'ask wide', 'aria-labelledby': 'form-title' },
      el('h2', { id: 'form-title' }, said(title)),
      form,
    );
    let done = false;
    let running: AbortController | undefined;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void attempt();
    });
    // Esc. The browser closes all the same when it is pressed again: then it is stopped and not read.
    dialog.addEventListener('cancel', (event) => {
      if (!running) return;
      event.preventDefault();
      stop();
    });
    dialog.addEventListener('close', () => {
      if (running) stop();
      dialog.remove();
      resolve(done);
    });

    function stop(): void {
      // Some of it may have been done.
      done = true;
      running?.abort();
    }

    function showInstead(...children: Node[]): void {
      const close = button('close', 'primary', () => dialog.close());
      form.replaceWith(...children, el('div', { class: 'row end' }, close));
      close.focus();
    }

    async function attempt(): Promise<void> {
      const stopping = new AbortController();
      if (canStop) {
        running = stopping;
        say(cancel, 'stop');
      }
      send.disabled = true;
      wrong.replaceChildren();
      try {
        const isOver = await act({ show: showInstead, signal: stopping.signal });
        done = true;
        if (isOver) dialog.close();
      } catch (error) {
        wrong.replaceChildren(reasonSaid(error));
        wrong.scrollIntoView({ block: 'nearest' });
        focusFirst(form, error);
      } finally {
        running = undefined;
        say(cancel, 'cancel');
        send.disabled = false;
      }
    }

    document.body.append(dialog);
    dialog.showModal();
    form.querySelector<HTMLElement>('input:not([hidden]), select, textarea')?.focus();
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
  const [first] = fieldsOf(error);
  if (first) form.querySelector<HTMLElement>(`[name="${CSS.escape(first.field)}"]`)?.focus();
}
