import type { Trouble } from './after-close.ts';
import { call, type Refused, serverNow } from './api.ts';
import { ask, question } from './ask.ts';
import { type DesktopView, desktopView } from './desktop-view.ts';
import { el, show } from './dom.ts';
import type { Complaint } from './exam-list.ts';
import { said } from './language.ts';
import type { Message } from './message-view.ts';
import type { Place } from './place.ts';
import { reasonSaid } from './reason.ts';
import { type Joined, type SittingViews, sit, type WaitReason } from './sitting.ts';
import type { TextKey } from './texts.ts';
import { waitingView } from './waiting-view.ts';

/** Where a sitting leads to when it ends. */
export interface WaysOut {
  exams(complaint?: Complaint): void;
  message(message: Message): void;
  loginRanOut(): void;
  again(place: Place): void;
}

const BAR_HEIGHT = 48;

const WAITING: Readonly<Record<WaitReason, TextKey>> = {
  no_free_desktop: 'waitNoDesktop',
  worker_not_answering: 'waitWorker',
  tunnel_not_opening: 'waitTunnel',
  offline: 'waitOffline',
};

/** Waiting for the desktop, then the desktop. Returns what leaves it. */
export function showSitting(root: HTMLElement, place: Place, ways: WaysOut): () => void {
  const stopping = new AbortController();
  const waiting = waitingView(place.examName, () => ways.exams());
  let endTime = Number.POSITIVE_INFINITY;
  let desktop: DesktopView | undefined;
  show(root, waiting.element);

  const openDesktop = (joined: Joined): DesktopView => {
    waiting.end();
    const view = desktopView({
      examName: joined.examName,
      isRecorded: joined.connection?.recorded ?? false,
      timeLeft: () => endTime - serverNow(),
      onHandIn: () => void handIn(place, view, ways),
    });
    document.body.classList.add('at-desktop');
    root.replaceChildren(view.element);
    return view;
  };

  const views: SittingViews = {
    room: () => desktop?.room() ?? { width: window.innerWidth, height: window.innerHeight - BAR_HEIGHT },
    asking: (attempt, why) => waiting.tell(why ? WAITING[why] : 'waitAsking', attempt),
    opening: (attempt) => waiting.tell('waitOpening', attempt),
    painted(link, joined) {
      endTime = Date.parse(joined.endTime);
      desktop ??= openDesktop(joined);
      desktop.hold(link, ['in', 'both'].includes(joined.connection?.clipboard ?? 'off'));
      if (joined.moved || joined.filesLeft) desktop.noteMoved();
      if (!document.querySelector('dialog[open]')) desktop.focusDesktop();
    },
    steady: (steady) => desktop?.steady(steady),
    lost: (afterMs, tryNow) => desktop?.lost(afterMs, tryNow),
    touched: () => desktop?.focusDesktop(),
  };

  void sit(place.examId, place.accessCode, views, stopping.signal).then((end) => {
    if (stopping.signal.aborted) return;
    if (end.kind === 'trouble') ways.message(troubles(place, ways)[end.trouble]);
    if (end.kind === 'refused') afterRefusal(place, end.problem, ways);
  });

  return () => {
    stopping.abort();
    waiting.end();
    desktop?.end();
    document.body.classList.remove('at-desktop');
  };
}

function afterRefusal(place: Place, problem: Refused, ways: WaysOut): void {
  if (problem.status === 401) ways.loginRanOut();
  else ways.exams({ ...place, reason: reasonSaid(problem) });
}

function troubles(place: Place, ways: WaysOut): Record<Trouble, Message> {
  const back = { key: 'backToExams' as const, act: () => ways.exams() };
  const again = (key: TextKey) => ({ key, act: () => ways.again(place) });
  return {
    taken: { title: 'takenTitle', lead: 'takenLead', actions: [again('useHere'), back] },
    elsewhere: { title: 'takenTitle', lead: 'elsewhereLead', actions: [again('tryAgain'), back] },
    sessionOver: { title: 'sessionOverTitle', lead: 'sessionOverLead', actions: [back] },
    refused: { title: 'refusedTitle', lead: 'refusedLead', actions: [back, again('tryAgain')] },
  };
}

async function handIn(place: Place, view: DesktopView, ways: WaysOut): Promise<void> {
  const done = await ask(
    question('handInTitle', 'handInLead', 'handInYes', 'handInNo'),
    () => call('POST', `/exams/${place.examId}/finish`),
    (error) => el('span', {}, said('handInFailed'), ' ', reasonSaid(error)),
  );
  if (!done) {
    view.focusDesktop();
    return;
  }
  ways.message({
    title: 'handedInTitle',
    lead: 'handedInLead',
    fill: { exam: place.examName },
    good: true,
    actions: [{ key: 'backToExams', act: () => ways.exams() }],
  });
}
