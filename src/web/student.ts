import { call, forgetLogin, Refused, storedLogin } from './api.ts';
import { byId, show } from './dom.ts';
import { type Complaint, examList, type OpenExam } from './exam-list.ts';
import { onLanguage, t } from './language.ts';
import { loginView } from './login-view.ts';
import { type Message, messageView } from './message-view.ts';
import { forgetPlace, keepPlace, type Place, storedPlace } from './place.ts';
import { fillHeader, fillSkipLink } from './shell.ts';
import { showSitting } from './sitting-view.ts';
import type { TextKey } from './texts.ts';

const LIST_EVERY_MS = 5000;
const TICK_MS = 1000;
const root = byId('main');
let leaveView: () => void = () => {};

/** One view at a time: the one before stops its timers and its connection. */
function enter(leave: () => void = () => {}): void {
  leaveView();
  leaveView = leave;
}

function start(problem?: TextKey): void {
  const login = storedLogin();
  const place = storedPlace();
  fillHeader('appName', login, () => {
    // Whoever logs in next in this tab must not come to this one's exam.
    forgetPlace();
    start();
  });
  if (!login) showLogin(problem);
  else if (login.user.role !== 'STUDENT') showNotStudent();
  else if (place) sitAt(place);
  else showExams();
}

function loginRanOut(): void {
  forgetLogin();
  start('not_logged_in');
}

function showLogin(problem?: TextKey): void {
  enter();
  show(
    root,
    loginView({ title: 'loginTitle', lead: 'loginLead' }, () => start(), problem),
  );
}

function showNotStudent(): void {
  enter();
  const toConsole = { key: 'toConsole' as const, act: () => location.assign('/admin') };
  show(root, messageView({ title: 'notStudent', lead: 'not_allowed', actions: [toConsole] }));
}

function showMessage(message: Message): void {
  forgetPlace();
  enter();
  show(root, messageView(message));
}

function sitAt(place: Place): void {
  keepPlace(place);
  enter();
  leaveView = showSitting(root, place, { exams: showExams, message: showMessage, loginRanOut, again: sitAt });
}

function showExams(complaint?: Complaint): void {
  forgetPlace();
  const list = examList((exam, accessCode) => sitAt({ examId: exam.id, examName: exam.name, accessCode }));
  const stopping = new AbortController();
  const timers = [setInterval(() => void refresh(), LIST_EVERY_MS), setInterval(() => list.tick(), TICK_MS)];
  enter(() => {
    for (const timer of timers) clearInterval(timer);
    stopping.abort();
  });
  show(root, list.element);
  void refresh().then(() => {
    if (complaint) list.complain(complaint);
    else list.element.querySelector<HTMLInputElement>('form:not([hidden]) input')?.focus();
  });

  async function refresh(): Promise<void> {
    try {
      const exams = await call<OpenExam[]>('GET', '/exams', undefined, stopping.signal);
      if (!stopping.signal.aborted) list.update(exams);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (error instanceof Refused && error.status === 401) loginRanOut();
      else list.lost();
    }
  }
}

onLanguage(() => {
  document.title = t('appName');
});
document.title = t('appName');
fillSkipLink();
start();
