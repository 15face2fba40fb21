import { forgetLogin, storedLogin } from './api.ts';
import { byId, show } from './dom.ts';
import { examHere, examPage } from './exam-page.ts';
import { onLanguage, t } from './language.ts';
import { type LivePage, type PageActions, showLive } from './live-page.ts';
import { loginView } from './login-view.ts';
import { messageView } from './message-view.ts';
import { overviewPage } from './overview-page.ts';
import { watchedHere } from './sessions-view.ts';
import { fillHeader, fillSkipLink } from './shell.ts';
import type { TextKey } from './texts.ts';
import { showUsers } from './users-page.ts';
import { showWatch } from './watch-view.ts';

const root = byId('main');
let leaveView: () => void = () => {};

function start(problem?: TextKey): void {
  leaveView();
  leaveView = () => {};
  const login = storedLogin();
  const isAdmin = login?.user.role === 'ADMIN';
  const pages =
    login && login.user.role !== 'STUDENT' ? (['overview', ...(isAdmin ? ['users' as const] : [])] as const) : [];
  fillHeader('consoleName', login, () => start(), pages);
  if (!login) {
    const words = { title: 'adminLoginTitle', lead: 'adminLoginLead' } as const;
    show(
      root,
      loginView(words, () => start(), problem),
    );
    return;
  }
  if (login.user.role === 'STUDENT') {
    const toExams = { key: 'toExams' as const, act: () => location.assign('/') };
    show(root, messageView({ title: 'notStaff', lead: 'not_allowed', actions: [toExams] }));
    return;
  }
  const watched = watchedHere();
  const examId = examHere();
  if (watched) leaveView = showWatch(root, watched, () => location.assign('#'));
  else if (location.hash === '#users' && isAdmin) leaveView = showUsers(root, loginRanOut);
  else if (examId !== undefined) leaveView = showPage((actions) => examPage(examId, actions));
  else leaveView = showPage(overviewPage);

  function showPage(page: (actions: PageActions) => LivePage): () => void {
    return showLive(root, (complain) => page({ mayChange: isAdmin, complain }), loginRanOut);
  }
}

function loginRanOut(): void {
  forgetLogin();
  start('not_logged_in');
}

onLanguage(() => {
  document.title = t('consoleName');
});
document.title = t('consoleName');
fillSkipLink();
window.addEventListener('hashchange', () => {
  start();
  root.focus();
});
start();
