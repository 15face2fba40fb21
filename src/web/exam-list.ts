import { serverNow } from './api.ts';
import { el, keepRows } from './dom.ts';
import { isOpen } from './exam-hours.ts';
import { showState } from './exam-state.ts';
import { said, say, showPlain } from './language.ts';

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
  readonly reason: Node;
}

export interface ExamList {
  readonly element: HTMLElement;
  update(exams: readonly OpenExam[]): void;
  /** Each second: countdowns go on, and an exam opens when its time has come. */
  tick(): void;
  /** The server was not reached: the list is what it was before. */
  lost(): void;
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
  const old = el('p', { class: 'banner', role: 'alert', hidden: true }, said('listOld'));
  const gone = el('p', { class: 'banner', role: 'alert', hidden: true });
  const element = el('section', {}, el('h1', {}, said('yourExams')), old, gone, none, list);
  const rows = new Map<string, { element: HTMLElement; update: (exam: OpenExam) => void }>();
  let shown: readonly OpenExam[] = [];
  const complaints = new Map<number, (complaint: Complaint) => void>();

  return {
    element,
    update(exams) {
      shown = openFirst(exams);
      old.hidden = true;
      none.hidden = exams.length > 0;
      keepRows(list, shown, ({ id }) => String(id), makeRow, rows);
    },
    tick: () => keepRows(list, shown, ({ id }) => String(id), makeRow, rows),
    lost() {
      old.hidden = false;
    },
    complain(complaint) {
      const tell = shown.some(({ id }) => id === complaint.examId) && complaints.get(complaint.examId);
      // An exam that was closed meanwhile is not in the list any more; the reason must not get lost with it.
      if (!tell) {
        gone.hidden = false;
        gone.replaceChildren(complaint.reason);
      } else tell(complaint);
    },
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
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      wrong.replaceChildren();
      onJoin(exam, code.value.trim());
    });
    complaints.set(exam.id, ({ reason, accessCode }) => {
      wrong.replaceChildren(reason);
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
      // Not in the form, which is hidden while the exam is not open.
      wrong,
    );

    const update = (now: OpenExam) => {
      showPlain(name, now.name);
      showPlain(description, now.description);
      description.hidden = now.description === '';
      say(times, 'fromTo', { start: now.startTime, end: now.endTime });
      form.hidden = !isOpen(now, serverNow());
      showState(badge, now);
    };
    return { element: row, update };
  }
}

/** Nobody looks for the exam that he sits now below those of other days. */
function openFirst(exams: readonly OpenExam[]): OpenExam[] {
  const rank = (exam: OpenExam) => (isOpen(exam, serverNow()) ? 0 : 1);
  return exams.toSorted((a, b) => rank(a) - rank(b) || Date.parse(a.startTime) - Date.parse(b.startTime));
}
