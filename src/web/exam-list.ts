import { serverNow } from './api.ts';
import { spanText } from './countdown.ts';
import { el, keepRows } from './dom.ts';
import { dateTime, said, say } from './language.ts';

/** An exam as the student's list has it. */
export interface OpenExam {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly isActive: boolean;
}

export interface Complaint {
  readonly examId: number;
  readonly accessCode: string;
  readonly reason: string;
}

export interface ExamList {
  readonly element: HTMLElement;
  update(exams: readonly OpenExam[]): void;
  /** Says at that exam why it did not work. */
  complain(complaint: Complaint): void;
}

export function examList(onJoin: (exam: OpenExam, accessCode: string) => void): ExamList {
  const list = el('ul', { class: 'exams' });
  const none = el(
    'div',
    { class: 'card empty', hidden: true },
    el('h2', {}, said('noExams')),
    el('p', { class: 'lead' }, said('noExamsLead')),
  );
  const element = el('section', {}, el('h1', {}, said('yourExams')), none, list);
  const rows = new Map<string, { element: HTMLElement; update: (exam: OpenExam) => void }>();
  const complaints = new Map<number, (complaint: Complaint) => void>();

  return {
    element,
    update(exams) {
      none.hidden = exams.length > 0;
      keepRows(list, exams, ({ id }) => String(id), makeRow, rows);
    },
    complain: (complaint) => complaints.get(complaint.examId)?.(complaint),
  };

  function makeRow(exam: OpenExam) {
    const badge = el('span', { class: 'badge' });
    const name = el('h2', {});
    const description = el('p', {});
    const times = el('p', { class: 'quiet-text' });
    const code = el('input', {
      id: `code-${exam.id}`,
      name: 'accessCode',
      autocomplete: 'off',
      autocapitalize: 'characters',
      spellcheck: 'false',
      required: true,
      maxlength: 64,
      'aria-describedby': `hint-${exam.id} wrong-${exam.id}`,
    });
    const wrong = el('p', { class: 'wrong', role: 'alert', id: `wrong-${exam.id}` });
    const form = el(
      'form',
      { class: 'join' },
      el('label', { for: code.id }, said('accessCode')),
      el('div', { class: 'row' }, code, el('button', { class: 'primary' }, said('join'))),
      el('p', { class: 'quiet-text', id: `hint-${exam.id}` }, said('accessCodeHint')),
      wrong,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      wrong.textContent = '';
      onJoin(exam, code.value.trim());
    });
    complaints.set(exam.id, ({ reason, accessCode }) => {
      wrong.textContent = reason;
      code.value = accessCode;
      code.focus();
      code.select();
    });
    const row = el(
      'li',
      { class: 'card exam' },
      el('div', { class: 'row spread' }, name, badge),
      description,
      times,
      form,
    );

    const update = (now: OpenExam) => {
      name.textContent = now.name;
      description.textContent = now.description;
      description.hidden = now.description === '';
      say(times, 'fromTo', { start: dateTime(now.startTime), end: dateTime(now.endTime) });
      const untilStart = Date.parse(now.startTime) - serverNow();
      const untilEnd = Date.parse(now.endTime) - serverNow();
      const open = untilStart <= 0 && untilEnd > 0;
      form.hidden = !open;
      badge.className = `badge ${open ? 'good' : 'neutral'}`;
      if (open) say(badge, 'open');
      else if (untilEnd <= 0) say(badge, 'over');
      else say(badge, 'startsIn', { time: spanText(untilStart) });
    };
    return { element: row, update };
  }
}
