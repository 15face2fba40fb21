import { button, el } from './dom.ts';
import { editExam } from './exam-form.ts';
import { examsView } from './exams-view.ts';
import { said } from './language.ts';
import type { LivePage, PageActions } from './live-page.ts';
import { reconcileView } from './reconcile-view.ts';
import { sessionsView } from './sessions-view.ts';
import type { TextKey } from './texts.ts';
import { tilesView } from './tiles-view.ts';
import { workersView } from './workers-view.ts';

/** Everything at a glance: workers, exams, who is at work. */
export function overviewPage({ mayChange, complain }: PageActions): LivePage {
  const tiles = tilesView();
  const workers = workersView({ mayChange, complain });
  const exams = examsView(mayChange);
  const sessions = sessionsView({ mayChange });
  const reconcile = reconcileView();
  const newExam = button('newExam', 'primary', () => void editExam());

  const heading = (key: TextKey, ...actions: HTMLElement[]) =>
    el(
      'div',
      { class: 'row spread section-head' },
      el('h2', {}, said(key)),
      el('div', { class: 'row' }, ...(mayChange ? actions : [])),
    );
  return {
    element: el(
      'div',
      {},
      el('h1', { class: 'sr-only' }, said('consoleName')),
      tiles.element,
      el('section', { class: 'panel' }, heading('workers', reconcile.button), reconcile.result, workers.element),
      el('section', { class: 'panel' }, heading('exams', newExam), exams.element),
      el('section', { class: 'panel' }, el('h2', { class: 'section-head' }, said('sessions')), sessions.element),
    ),
    update(view) {
      const names = new Map(view.exams.map(({ id, name }) => [id, name]));
      tiles.update(view);
      reconcile.update(view.lastReconcile);
      workers.update(view.workers, names);
      exams.update(view.exams);
      sessions.update(view.sessions, view.strays, names);
    },
  };
}
