import { el } from './dom.ts';
import { showState } from './exam-state.ts';
import { examCard } from './exams-view.ts';
import type { LiveView } from './fleet.ts';
import { said, showPlain } from './language.ts';
import type { LivePage, PageActions } from './live-page.ts';
import { sessionsView } from './sessions-view.ts';

/** Which exam this page's address names. */
export function examHere(): number | undefined {
  const id = /^#exam=(\d+)$/.exec(location.hash)?.[1];
  return id === undefined ? undefined : Number(id);
}

/** One exam over the whole page: how long still, how full, who is in it. */
export function examPage(examId: number, { mayChange }: PageActions): LivePage {
  const name = el('h1', {});
  const badge = el('span', { class: 'badge' });
  const description = el('p', { class: 'lead' });
  const about = el('div', {});
  const gone = el('p', { class: 'empty', hidden: true }, said('exam_not_found'));
  const sessions = sessionsView({ mayChange });
  const shown = el(
    'div',
    { hidden: true },
    el('section', { class: 'panel exam-page' }, el('div', { class: 'row spread' }, name, badge), description, about),
    el('section', { class: 'panel' }, el('h2', { class: 'section-head' }, said('sessions')), sessions.element),
  );
  let card: ReturnType<typeof examCard> | undefined;

  return {
    element: el('div', {}, gone, shown),
    update({ exams, sessions: running, strays }: LiveView) {
      const exam = exams.find(({ id }) => id === examId);
      gone.hidden = exam !== undefined;
      shown.hidden = exam === undefined;
      if (!exam) return;
      if (!card) {
        card = examCard(exam, mayChange, () => location.assign('#'));
        about.replaceChildren(card.element);
      }
      showPlain(name, exam.name);
      showPlain(description, exam.description);
      showState(badge, exam);
      card.update(exam);
      const here = <T extends { examId: number }>(rows: readonly T[]) => rows.filter((row) => row.examId === examId);
      sessions.update(here(running), here(strays), new Map([[exam.id, exam.name]]));
    },
  };
}
