import { call, Refused, reasonOf } from './api.ts';
import { button, el } from './dom.ts';
import type { Exam } from './fleet.ts';
import { said } from './language.ts';
import type { TextKey } from './texts.ts';

const HOUR_MS = 3_600_000;

/** Makes an exam, or changes one. True when something was saved. */
export function editExam(exam?: Exam): Promise<boolean> {
  return new Promise((resolve) => {
    const start = exam ? new Date(exam.startTime) : nextHour();
    const end = exam ? new Date(exam.endTime) : new Date(start.getTime() + 2 * HOUR_MS);
    const name = el('input', { name: 'name', value: exam?.name ?? '', required: true, maxlength: 200 });
    const description = el('textarea', { name: 'description', rows: 2, maxlength: 2000 }, exam?.description ?? '');
    const accessCode = el('input', {
      name: 'accessCode',
      value: exam?.accessCode ?? '',
      required: true,
      maxlength: 64,
      autocomplete: 'off',
      spellcheck: 'false',
    });
    const startTime = el('input', {
      name: 'startTime',
      type: 'datetime-local',
      value: localTime(start),
      required: true,
    });
    const endTime = el('input', { name: 'endTime', type: 'datetime-local', value: localTime(end), required: true });
    const isActive = el('input', { name: 'isActive', type: 'checkbox', checked: exam?.isActive ?? true });
    const wrong = el('p', { class: 'wrong', role: 'alert' });
    const submit = el('button', { class: 'primary' }, said('save'));
    const form = el(
      'form',
      { class: 'fields' },
      field('examName', name),
      field('description', description),
      field('accessCode', accessCode),
      el('div', { class: 'pair' }, field('startTime', startTime), field('endTime', endTime)),
      el('label', { class: 'check' }, isActive, said('isActive')),
      wrong,
      el(
        'div',
        { class: 'row end' },
        button('cancel', 'quiet', () => dialog.close()),
        submit,
      ),
    );
    const dialog = el(
      'dialog',
      { class: 'ask wide', 'aria-labelledby': 'exam-form-title' },
      el('h2', { id: 'exam-form-title' }, said(exam ? 'editExam' : 'newExam')),
      form,
    );
    let saved = false;

    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void save();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(saved);
    });

    async function save(): Promise<void> {
      submit.disabled = true;
      wrong.textContent = '';
      const body = {
        name: name.value,
        description: description.value,
        accessCode: accessCode.value,
        startTime: new Date(startTime.value).toISOString(),
        endTime: new Date(endTime.value).toISOString(),
        isActive: isActive.checked,
      };
      try {
        if (exam) await call('PATCH', `/exams/${exam.id}`, body);
        else await call('POST', '/exams', body);
        saved = true;
        dialog.close();
      } catch (error) {
        wrong.textContent = reasonOf(error);
        focusFirst(form, error);
        submit.disabled = false;
      }
    }

    document.body.append(dialog);
    dialog.showModal();
    name.focus();
  });
}

function field(key: TextKey, input: HTMLElement): HTMLElement {
  return el('label', { class: 'field' }, said(key), input);
}

/** The cursor goes to the field that the server named first. */
function focusFirst(form: HTMLFormElement, error: unknown): void {
  const fields = error instanceof Refused ? error.answer.fields : undefined;
  const first = Array.isArray(fields) ? String(fields[0]?.field) : undefined;
  if (first) form.querySelector<HTMLElement>(`[name="${CSS.escape(first)}"]`)?.focus();
}

function nextHour(): Date {
  return new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS);
}

/** As datetime-local wants it: this machine's own time, to the minute. */
function localTime(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
