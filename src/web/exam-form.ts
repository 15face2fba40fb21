import { call } from './api.ts';
import { type Attributes, el } from './dom.ts';
import type { Exam } from './fleet.ts';
import { field, formDialog } from './form-dialog.ts';
import { said } from './language.ts';

const HOUR_MS = 3_600_000;

/** Makes an exam, or changes one. True when something was saved. */
export function editExam(exam?: Exam): Promise<boolean> {
  const start = exam ? new Date(exam.startTime) : nextHour();
  const end = exam ? new Date(exam.endTime) : new Date(start.getTime() + 2 * HOUR_MS);
  const name = neededText('name', exam?.name, { maxlength: 200 });
  const description = el('textarea', { name: 'description', rows: 2, maxlength: 2000 }, exam?.description ?? '');
  const accessCode = neededText('accessCode', exam?.accessCode, {
    maxlength: 64,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const startTime = el('input', { name: 'startTime', type: 'datetime-local', value: localTime(start), required: true });
  const endTime = el('input', { name: 'endTime', type: 'datetime-local', value: localTime(end), required: true });
  const isActive = el('input', { name: 'isActive', type: 'checkbox', checked: exam?.isActive ?? true });

  return formDialog({
    title: exam ? 'editExam' : 'newExam',
    submit: 'save',
    fields: [
      field('examName', name),
      field('description', description),
      field('accessCode', accessCode),
      el('div', { class: 'pair' }, field('startTime', startTime), field('endTime', endTime)),
      el('label', { class: 'check' }, isActive, said('isActive')),
    ],
    async act() {
      const body = {
        name: name.value,
        description: description.value,
        accessCode: accessCode.value,
        startTime: new Date(startTime.value).toISOString(),
        endTime: new Date(endTime.value).toISOString(),
        isActive: isActive.checked,
      };
      if (exam) await call('PATCH', `/exams/${exam.id}`, body);
      else await call('POST', '/exams', body);
      return true;
    },
  });
}

/** A text that is not blank. */
function neededText(name: string, value: string | undefined, more: Attributes): HTMLInputElement {
  return el('input', { name, value: value ?? '', required: true, pattern: '.*\\S.*', ...more });
}

function nextHour(): Date {
  return new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS);
}

/** As datetime-local wants it: this machine's own time, to the minute. */
function localTime(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
