import type { Trouble } from './after-close.ts';
import { call, forgetLogin, type Login, Refused, reasonOf, serverNow, storedLogin } from './api.ts';
import { ask, question } from './ask.ts';
import { type DesktopView, desktopView } from './desktop-view.ts';
import { byId, show } from './dom.ts';
import { type ExamList, examList, type OpenExam } from './exam-list.ts';
import { dateTime, onLanguage, t } from './language.ts';
import { loginView } from './login-view.ts';
import { type Message, messageView } from './message-view.ts';
import { fillHeader, fillSkipLink } from './shell.ts';
import { type Joined, sit, type WaitReason } from './sitting.ts';
import type { TextKey } from './texts.ts';
import { waitingView } from './waiting-view.ts';

/** Which exam this tab sits in: a reload leads back to the desktop without asking. */
interface Place {
  readonly examId: number;
  readonly examName: string;
  readonly accessCode: string;
}

const STORED = 'vdi.place';
const LIST_EVERY_MS = 5000;
const root = byId('main');
let leaveView: () => void = () => {};

function enter(leave: () => void): void {
  leaveView();
  leaveView = leave;
}

function start(problem?: string): void {
  const login = storedLogin();
  fillHeader('appName', login, () => start());
  document.body.classList.remove('at-desktop');
  const stored = sessionStorage.getItem(STORED);
  if (!login) showLogin(problem);
  else if (login.user.role !== 'STUDENT') showNotStudent();
  else if (stored) showSitting(JSON.parse(stored) as Place);
  else showExams();
}

function showLogin(problem?: string): void {
  enter(() => {});
  const onLogin = (_login: Login) => start();
  show(root, loginView({ title: 'loginTitle', lead: 'loginLead' }, onLogin, problem));
}

function showNotStudent(): void {
  enter(() => {});
  const toConsole = { key: 'toConsole' as const, act: () => location.assign('/admin') };
  show(root, messageView({ title: 'notStudent', lead: 'not_allowed', actions: [toConsole] }));
}

function showMessage(message: Message): void {
  sessionStorage.removeItem(STORED);
  document.body.classList.remove('at-desktop');
  enter(() => {});
  show(root, messageView(message));
}

function showExams(complaint?: { examId: number; accessCode: string; reason: string }): void {
  sessionStorage.removeItem(STORED);
  document.body.classList.remove('at-desktop');
  const list: ExamList = examList((exam, accessCode) => {
    const place = { examId: exam.id, examName: exam.name, accessCode };
    sessionStorage.setItem(STORED, JSON.stringify(place));
    showSitting(place);
  });
  const stopping = new AbortController();
  const timer = setInterval(() => void refresh(), LIST_EVERY_MS);
  enter(() => {
    clearInterval(timer);
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
      if (!stopping.signal.aborted && error instanceof Refused && error.status === 401) loginRanOut();
    }
  }
}

function loginRanOut(): void {
  forgetLogin();
  start(t('not_logged_in'));
}

function showSitting(place: Place): void {
  const stopping = new AbortController();
  const waiting = waitingView(place.examName, () => showExams());
  let endTime = Number.POSITIVE_INFINITY;
  let desktop: DesktopView | undefined;
  enter(() => {
    stopping.abort();
    waiting.end();
    desktop?.end();
  });
  show(root, waiting.element);

  const openDesktop = (joined: Joined): DesktopView => {
    waiting.end();
    const view = desktopView({
      examName: joined.examName,
      timeLeft: () => endTime - serverNow(),
      onHandIn: () => void handIn(place, view),
    });
    document.body.classList.add('at-desktop');
    root.replaceChildren(view.element);
    return view;
  };

  const views = {
    room: () => desktop?.room() ?? { width: window.innerWidth, height: window.innerHeight - BAR_HEIGHT },
    asking: (attempt: number, why: WaitReason | undefined) =>
      waiting.tell(why === 'offline' ? 'waitOffline' : (why ?? 'waitAsking'), attempt),
    opening: (attempt: number) => waiting.tell('waitOpening', attempt),
    painted(link: Parameters<DesktopView['hold']>[0], joined: Joined) {
      endTime = Date.parse(joined.endTime);
      desktop ??= openDesktop(joined);
      desktop.hold(link);
      if (joined.moved) desktop.noteMoved();
      if (!document.querySelector('dialog[open]')) desktop.focusDesktop();
    },
    steady: (steady: boolean) => desktop?.steady(steady),
    lost: (afterMs: number, tryNow: () => void) => desktop?.lost(afterMs, tryNow),
    touched: () => desktop?.focusDesktop(),
  };

  void sit(place.examId, place.accessCode, views, stopping.signal).then((end) => {
    if (stopping.signal.aborted) return;
    if (end.kind === 'trouble') showMessage(troubles(place)[end.trouble]);
    if (end.kind === 'refused') afterRefusal(place, end.problem);
  });
}

const BAR_HEIGHT = 48;

function afterRefusal(place: Place, problem: Refused): void {
  if (problem.status === 401) {
    loginRanOut();
    return;
  }
  const { startTime, endTime } = problem.answer;
  const reason =
    problem.code === 'exam_not_started'
      ? t(problem.code, { start: dateTime(String(startTime)) })
      : problem.code === 'exam_over'
        ? t(problem.code, { end: dateTime(String(endTime)) })
        : reasonOf(problem);
  showExams({ ...place, reason });
}

function troubles(place: Place): Record<Trouble, Message> {
  const back = { key: 'backToExams' as const, act: () => showExams() };
  const again = (key: TextKey) => ({
    key,
    act: () => {
      sessionStorage.setItem(STORED, JSON.stringify(place));
      showSitting(place);
    },
  });
  return {
    taken: { title: 'takenTitle', lead: 'takenLead', actions: [again('useHere'), back] },
    sessionOver: { title: 'sessionOverTitle', lead: 'sessionOverLead', actions: [back] },
    refused: { title: 'refusedTitle', lead: 'refusedLead', actions: [back, again('tryAgain')] },
  };
}

async function handIn(place: Place, view: DesktopView): Promise<void> {
  const done = await ask(
    question('handInTitle', 'handInLead', 'handInYes', 'handInNo'),
    () => call('POST', `/exams/${place.examId}/finish`),
    (error) => t('handInFailed', { why: reasonOf(error) }),
  );
  if (!done) {
    view.focusDesktop();
    return;
  }
  showMessage({
    title: 'handedInTitle',
    lead: 'handedInLead',
    fill: { exam: place.examName },
    good: true,
    actions: [{ key: 'backToExams', act: () => showExams() }],
  });
}

onLanguage(() => {
  document.title = t('appName');
});
document.title = t('appName');
fillSkipLink();
start();
