import { serverNow } from './api.ts';
import { agoText } from './countdown.ts';
import { el, keepRows } from './dom.ts';
import { label, said, say } from './language.ts';
import { cell, headRow } from './table.ts';
import type { TextKey } from './texts.ts';

/** A student at work, as the console's call answers it. */
export interface RunningSession {
  readonly examId: number;
  readonly userId: number;
  readonly username: string;
  readonly workerCode: string;
  readonly since: string;
  readonly tunnelUrl: string;
}

export interface SessionsView {
  readonly element: HTMLElement;
  update(sessions: readonly RunningSession[], examNames: ReadonlyMap<number, string>): void;
}

/** A session as the address of the page that watches it names it. */
export const watchKey = ({ examId, userId }: Pick<RunningSession, 'examId' | 'userId'>): string =>
  `${examId}:${userId}`;

/** Where a session is watched. A link, so that several can be opened beside each other. */
const WATCH = '#watch=';

/** Whom this page's address says to watch, as EXAM:STUDENT. */
export function watchedHere(): string | undefined {
  return /^#watch=(\d+:\d+)$/.exec(location.hash)?.[1];
}

/** Who sits at a desktop now, each with a way to look on. */
export function sessionsView(): SessionsView {
  const columns: TextKey[] = ['student', 'exam', 'worker', 'since', 'actions'];
  const body = el('tbody', {});
  const table = el('table', { class: 'workers sessions', hidden: true }, headRow(columns), body);
  const none = el('p', { class: 'quiet-text', hidden: true }, said('noSessions'));
  const rows = new Map<string, { element: HTMLElement; update: (session: RunningSession) => void }>();
  let examNames: ReadonlyMap<number, string> = new Map();

  return {
    element: el('div', {}, none, table),
    update(sessions, names) {
      examNames = names;
      none.hidden = sessions.length > 0;
      table.hidden = sessions.length === 0;
      keepRows(body, sessions, watchKey, makeRow, rows);
    },
  };

  function makeRow(session: RunningSession) {
    const { username } = session;
    const exam = el('span', {});
    const worker = el('span', {});
    const since = el('span', {});
    const watch = el('a', { class: 'button quiet', href: `${WATCH}${watchKey(session)}` }, said('watch'));
    label(watch, 'watchNamed', { name: username });
    const element = el(
      'tr',
      {},
      el('th', { scope: 'row' }, el('span', { class: 'strong' }, username)),
      cell('exam', exam),
      cell('worker', worker),
      cell('since', since),
      cell('actions', watch),
    );
    const update = (now: RunningSession) => {
      exam.textContent = examNames.get(now.examId) ?? String(now.examId);
      worker.textContent = now.workerCode;
      say(since, 'sinceAgo', { ago: agoText(serverNow() - Date.parse(now.since)) });
    };
    return { element, update };
  }
}
