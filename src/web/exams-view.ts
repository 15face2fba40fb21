import { serverNow } from './api.ts';
import { askRemove } from './ask.ts';
import { button, el, keepRows } from './dom.ts';
import { editExam } from './exam-form.ts';
import { isOpen, nextOf } from './exam-hours.ts';
import { showState } from './exam-state.ts';
import type { ExamNow } from './fleet.ts';
import { label, said, say, showPlain } from './language.ts';
import { poolView } from './pool-view.ts';
import { prewarmForm } from './prewarm-form.ts';

export interface ExamsView {
  readonly element: HTMLElement;
  update(exams: readonly ExamNow[]): void;
}

/** The exams as cards; each leads to its own page. */
export function examsView(mayChange: boolean): ExamsView {
  const list = el('ul', { class: 'exams' });
  const none = el('p', { class: 'empty', hidden: true }, said('noExamsAdmin'));
  const rows = new Map<string, { element: HTMLElement; update: (exam: ExamNow) => void }>();

  return {
    element: el('div', {}, none, list),
    update(exams) {
      none.hidden = exams.length > 0;
      keepRows(list, exams, ({ id }) => String(id), makeRow, rows);
    },
  };

  function makeRow(exam: ExamNow) {
    const name = el('a', { href: `#exam=${exam.id}` });
    const card = examCard(exam, mayChange);
    const badge = el('span', { class: 'badge' });
    const element = el(
      'li',
      { class: 'card exam' },
      el('div', { class: 'row spread' }, el('h3', {}, name), badge),
      card.element,
    );
    const update = (now: ExamNow) => {
      showPlain(name, now.name);
      showState(badge, now);
      card.update(now);
      // A card says by its badge when it opens.
      card.countdown.hidden = !isOpen(now, serverNow());
    };
    return { element, update };
  }
}

/** What is known of an exam now, and what can be done to it; without its name. */
export function examCard(first: ExamNow, mayChange: boolean, onRemoved: () => void = () => {}) {
  let exam = first;
  const times = el('p', { class: 'quiet-text' });
  const countdown = el('p', { class: 'countdown' });
  const code = el('code', {});
  const inside = el('p', { class: 'capacity' });
  const pool = poolView();
  const prewarm = prewarmForm(() => exam);
  const edit = button('edit', 'quiet', () => void editExam(exam));
  const remove = button(
    'remove',
    'quiet',
    () => void askRemove(exam.name, `/exams/${exam.id}`).then((done) => done && onRemoved()),
  );
  const element = el(
    'div',
    { class: 'exam-now' },
    times,
    countdown,
    el('p', { class: 'quiet-text' }, said('accessCodeShort'), ' ', code),
    inside,
    pool.element,
    ...(mayChange ? [prewarm.element, el('div', { class: 'row' }, edit, remove)] : []),
  );

  return {
    element,
    countdown,
    update(now: ExamNow) {
      exam = now;
      showPlain(code, now.accessCode);
      say(times, 'fromTo', { start: now.startTime, end: now.endTime });
      const { key, fill } = nextOf(now, serverNow());
      say(countdown, key, fill);
      say(inside, 'studentsIn', { n: now.activeSessions });
      pool.update(now.pool);
      prewarm.update(now.pool);
      label(edit, 'editNamed', { name: now.name });
      label(remove, 'removeNamed', { name: now.name });
    },
  };
}
