import { call, forgetLogin, Refused, reasonOf, storedLogin } from './api.ts';
import { button, byId, el, show } from './dom.ts';
import { editExam } from './exam-form.ts';
import { type ExamCapacity, examsView } from './exams-view.ts';
import { type Exam, poolsOf, type Worker } from './fleet.ts';
import { onLanguage, said, say, t } from './language.ts';
import { loginView } from './login-view.ts';
import { messageView } from './message-view.ts';
import { reconcileView } from './reconcile-view.ts';
import { type RunningSession, sessionsView, watchedHere } from './sessions-view.ts';
import { fillHeader, fillSkipLink } from './shell.ts';
import type { TextKey } from './texts.ts';
import { showWatch } from './watch-view.ts';
import { workersView } from './workers-view.ts';

const REFRESH_MS = 3000;
const root = byId('main');
let leaveView: () => void = () => {};

function start(problem?: string): void {
  leaveView();
  leaveView = () => {};
  const login = storedLogin();
  fillHeader('consoleName', login, () => start());
  if (!login) {
    show(
      root,
      loginView({ title: 'adminLoginTitle', lead: 'adminLoginLead' }, () => start(), problem),
    );
    return;
  }
  if (login.user.role === 'STUDENT') {
    const toExams = { key: 'toExams' as const, act: () => location.assign('/') };
    show(root, messageView({ title: 'notStaff', lead: 'not_allowed', actions: [toExams] }));
    return;
  }
  const watched = watchedHere();
  if (watched) leaveView = showWatch(root, watched, () => location.assign('#'));
  else showConsole(login.user.role === 'ADMIN');
}

function showConsole(mayChange: boolean): void {
  const changed = () => void refresh();
  const problem = el('p', { class: 'banner', role: 'alert', hidden: true });
  const tiles = tilesView();
  const workers = workersView({ changed, mayChange, failed: (reason) => complain(reason) });
  const exams = examsView({ changed, mayChange });
  const sessions = sessionsView();
  const reconcile = reconcileView(changed);
  const newExam = button('newExam', 'primary', () => void editExam().then((saved) => saved && changed()));

  const heading = (key: TextKey, ...actions: HTMLElement[]) =>
    el(
      'div',
      { class: 'row spread section-head' },
      el('h2', {}, said(key)),
      el('div', { class: 'row' }, ...(mayChange ? actions : [])),
    );
  root.replaceChildren(
    el('h1', { class: 'sr-only' }, said('consoleName')),
    problem,
    tiles.element,
    el('section', { class: 'panel' }, heading('workers', reconcile.button), reconcile.result, workers.element),
    el('section', { class: 'panel' }, heading('exams', newExam), exams.element),
    el('section', { class: 'panel' }, el('h2', { class: 'section-head' }, said('sessions')), sessions.element),
  );

  const stopping = new AbortController();
  const timer = setInterval(() => void refresh(), REFRESH_MS);
  leaveView = () => {
    clearInterval(timer);
    stopping.abort();
  };
  void refresh();

  function complain(reason: string | undefined): void {
    problem.hidden = reason === undefined;
    problem.textContent = reason ?? '';
  }

  async function refresh(): Promise<void> {
    try {
      const read = <T>(path: string) => call<T>('GET', path, undefined, stopping.signal);
      const [fleet, list, running] = await Promise.all([
        read<Worker[]>('/vdi/workers'),
        read<Exam[]>('/exams'),
        read<RunningSession[]>('/vdi/sessions'),
      ]);
      const capacities = new Map(
        await Promise.all(list.map(async ({ id }) => [id, await read<ExamCapacity>(`/exams/${id}/capacity`)] as const)),
      );
      if (stopping.signal.aborted) return;
      tiles.update(fleet);
      const examNames = new Map(list.map(({ id, name }) => [id, name]));
      workers.update(fleet, examNames);
      sessions.update(running, examNames);
      exams.update(list, capacities);
      complain(undefined);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (error instanceof Refused && error.status === 401) {
        forgetLogin();
        start(t('not_logged_in'));
      } else complain(reasonOf(error));
    }
  }
}

function tilesView(): { element: HTMLElement; update: (workers: readonly Worker[]) => void } {
  const keys = ['tileWorkers', 'tileSlots', 'tileInUse', 'tileFree', 'tileWarm'] as const;
  const numbers = new Map(keys.map((key) => [key, el('dd', {}, '–')]));
  const element = el(
    'dl',
    { class: 'tiles' },
    ...[...numbers].map(([key, number]) => el('div', {}, el('dt', {}, said(key)), number)),
  );
  return {
    element,
    update(workers) {
      const healthy = workers.filter(({ isHealthy }) => isHealthy);
      const sum = (of: (worker: Worker) => number) => healthy.reduce((total, worker) => total + of(worker), 0);
      const set = (key: (typeof keys)[number], value: number) => {
        const number = numbers.get(key);
        if (number) number.textContent = String(value);
      };
      const first = numbers.get('tileWorkers');
      if (first) say(first, 'ofTotal', { n: healthy.length, total: workers.length });
      set(
        'tileSlots',
        sum(({ maxSessions }) => maxSessions),
      );
      set(
        'tileInUse',
        sum(({ activeSessions }) => activeSessions),
      );
      // Free is where a student could be sent now.
      set(
        'tileFree',
        sum((worker) => (worker.isSchedulable ? worker.availableSessions : 0)),
      );
      set(
        'tileWarm',
        sum((worker) => poolsOf(worker).reduce((total, { warm }) => total + warm, 0)),
      );
    },
  };
}

onLanguage(() => {
  document.title = t('consoleName');
});
document.title = t('consoleName');
fillSkipLink();
window.addEventListener('hashchange', () => start());
start();
