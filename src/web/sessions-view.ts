import { call, serverNow } from './api.ts';
import { ask } from './ask.ts';
import { agoText } from './countdown.ts';
import { button, el, keepRows } from './dom.ts';
import type { RunningSession, Stray } from './fleet.ts';
import { label, said, say, showPlain } from './language.ts';
import { cell, headRow } from './table.ts';
import type { TextKey } from './texts.ts';

export interface SessionsView {
  readonly element: HTMLElement;
  update(sessions: readonly RunningSession[], strays: readonly Stray[], examNames: ReadonlyMap<number, string>): void;
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

/** One row: a session, or a desktop in use that no session stands for. */
interface Row extends Omit<RunningSession, 'since' | 'tunnelUrl'> {
  readonly since: string | undefined;
  readonly isStray: boolean;
}

/** Who sits at a desktop now, each with a way to look on, and to end it. */
export function sessionsView({ mayChange }: { readonly mayChange: boolean }): SessionsView {
  const columns: TextKey[] = ['student', 'exam', 'worker', 'since', 'state', 'actions'];
  const body = el('tbody', {});
  const table = el('table', { class: 'workers sessions', hidden: true }, headRow(columns), body);
  const none = el('p', { class: 'quiet-text', hidden: true }, said('noSessions'));
  const done = said('released', { name: '' });
  const note = el('p', { class: 'result', role: 'status', hidden: true }, done);
  const rows = new Map<string, { element: HTMLElement; update: (row: Row) => void }>();
  let examNames: ReadonlyMap<number, string> = new Map();

  return {
    element: el('div', {}, note, none, table),
    update(sessions, strays, names) {
      examNames = names;
      const all = [
        ...sessions.map((session) => ({ ...session, isStray: false })),
        ...strays.map((stray) => rowOfStray(stray)),
      ];
      none.hidden = all.length > 0;
      table.hidden = all.length === 0;
      keepRows(body, all, (row) => `${watchKey(row)}@${row.isStray ? row.workerCode : ''}`, makeRow, rows);
    },
  };

  function makeRow(first: Row) {
    let row = first;
    const { username } = first;
    const exam = el('span', {});
    const worker = el('span', {});
    const since = el('span', {});
    const badge = el('span', { class: 'badge' });
    const notes = el('span', { class: 'quiet-text' });
    const watch = el('a', { class: 'button quiet', href: `${WATCH}${watchKey(first)}` }, said('watch'));
    const release = button('release', 'quiet', () => void askRelease());
    label(watch, 'watchNamed', { name: username });
    label(release, 'releaseNamed', { name: username });
    const actions = [...(first.isStray ? [] : [watch]), ...(mayChange ? [release] : [])];
    const element = el(
      'tr',
      {},
      el(
        'th',
        { scope: 'row' },
        el('span', { class: 'strong' }, username),
        el('span', { class: 'quiet-text' }, first.name ?? ''),
      ),
      cell('exam', exam),
      cell('worker', worker),
      cell('since', since),
      cell('state', badge, notes),
      cell('actions', el('div', { class: 'row' }, ...actions)),
    );

    async function askRelease(): Promise<void> {
      const { examId, userId, workerCode } = row;
      const where = row.isStray ? `?worker=${encodeURIComponent(workerCode)}` : '';
      const is = await ask(
        {
          title: said('releaseTitle', { name: username }),
          lead: said(row.connected ? 'releaseConnectedLead' : 'releaseLead'),
          yes: 'releaseYes',
          no: 'cancel',
        },
        async () => {
          const { outcome } = await call<{ outcome: string }>('DELETE', `/vdi/sessions/${examId}/${userId}${where}`);
          say(done, outcome === 'release_pending' ? 'releasePending' : 'released', { name: username });
        },
      );
      if (is) note.hidden = false;
    }

    const update = (now: Row) => {
      row = now;
      showPlain(exam, examNames.get(now.examId) ?? String(now.examId));
      showPlain(worker, now.workerName ?? now.workerCode);
      if (now.since) say(since, 'sinceAgo', { ago: agoText(serverNow() - Date.parse(now.since)) });
      const { key, tone } = stateOf(now);
      say(badge, key);
      badge.className = `badge ${tone}`;
      showNotes(notes, now);
    };
    return { element, update };
  }
}

function rowOfStray({ username, connected = null, ...seat }: Stray): Row {
  return { ...seat, username: username ?? String(seat.userId), connected, since: undefined, isStray: true };
}

function stateOf({ isStray, state, connected }: Row): { key: TextKey; tone: string } {
  if (isStray) return { key: 'sessionStray', tone: 'warn' };
  if (state === 'releasing') return { key: 'sessionReleasing', tone: 'neutral' };
  if (connected === null) return { key: 'sessionUnknown', tone: 'neutral' };
  return connected ? { key: 'connected', tone: 'good' } : { key: 'disconnected', tone: 'warn' };
}

/** What else is worth knowing of it, each in its own words. */
function showNotes(notes: HTMLElement, { connected, leftAt, watchers, recorded, filesLeft }: Row): void {
  const left = connected === false && leftAt ? agoText(serverNow() - Date.parse(leftAt)) : undefined;
  const words = [
    ...(left ? [said('leftAgo', { ago: left })] : []),
    ...(watchers ? [said('watchedBy', { n: watchers })] : []),
    ...(recorded ? [said('isRecorded')] : []),
    ...(filesLeft ? [said('filesLeftAt', { worker: filesLeft.workerName })] : []),
  ];
  if (notes.textContent !== words.map(({ textContent }) => textContent).join('')) notes.replaceChildren(...words);
}
