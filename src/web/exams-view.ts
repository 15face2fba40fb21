import { call, reasonOf, serverNow } from './api.ts';
import { ask } from './ask.ts';
import { spanText } from './countdown.ts';
import { counts } from './counts.ts';
import { button, el, keepRows } from './dom.ts';
import { editExam } from './exam-form.ts';
import type { Exam } from './fleet.ts';
import { dateTime, label, said, say } from './language.ts';

export interface ExamCapacity {
  readonly poolAvailable: number;
  readonly activeSessions: number;
}

export interface ExamsView {
  readonly element: HTMLElement;
  update(exams: readonly Exam[], capacities: ReadonlyMap<number, ExamCapacity>): void;
}

interface Actions {
  readonly changed: () => void;
  readonly mayChange: boolean;
}

interface PrewarmAnswer {
  readonly requested: number;
  readonly created: number;
  readonly failed: number;
  readonly poolAvailable: number;
}

export function examsView(actions: Actions): ExamsView {
  const list = el('ul', { class: 'exams' });
  const none = el('p', { class: 'empty', hidden: true }, said('noExamsAdmin'));
  const rows = new Map<string, { element: HTMLElement; update: (exam: Exam) => void }>();
  let capacities: ReadonlyMap<number, ExamCapacity> = new Map();

  return {
    element: el('div', {}, none, list),
    update(exams, known) {
      capacities = known;
      none.hidden = exams.length > 0;
      keepRows(list, exams, ({ id }) => String(id), makeRow, rows);
    },
  };

  function makeRow(first: Exam) {
    let exam = first;
    const name = el('h3', {});
    const badge = el('span', { class: 'badge' });
    const times = el('p', { class: 'quiet-text' });
    const code = el('code', {});
    const capacity = el('p', { class: 'capacity' });
    const edit = button('edit', 'quiet', () => void editExam(exam).then((done) => done && actions.changed()));
    const remove = button('remove', 'quiet', () => void askRemove());
    const element = el(
      'li',
      { class: 'card exam' },
      el('div', { class: 'row spread' }, name, badge),
      times,
      el('p', { class: 'quiet-text' }, said('accessCodeShort'), ' ', code),
      capacity,
      ...(actions.mayChange ? [prewarmForm(() => exam, actions), el('div', { class: 'row' }, edit, remove)] : []),
    );

    async function askRemove(): Promise<void> {
      const done = await ask(
        { title: said('removeTitle', { name: exam.name }), lead: said('removeLead'), yes: 'remove', no: 'cancel' },
        () => call('DELETE', `/exams/${exam.id}`),
        reasonOf,
      );
      if (done) actions.changed();
    }

    const update = (now: Exam) => {
      exam = now;
      name.textContent = now.name;
      code.textContent = now.accessCode;
      say(times, 'fromTo', { start: dateTime(now.startTime), end: dateTime(now.endTime) });
      const untilStart = Date.parse(now.startTime) - serverNow();
      const untilEnd = Date.parse(now.endTime) - serverNow();
      const open = now.isActive && untilStart <= 0 && untilEnd > 0;
      badge.className = `badge ${open ? 'good' : 'neutral'}`;
      if (!now.isActive) say(badge, 'closed');
      else if (open) say(badge, 'open');
      else if (untilEnd <= 0) say(badge, 'over');
      else say(badge, 'startsIn', { time: spanText(untilStart) });
      const { poolAvailable = 0, activeSessions = 0 } = capacities.get(now.id) ?? {};
      say(capacity, 'capacityLine', { warm: poolAvailable, active: activeSessions });
      label(edit, 'editNamed', { name: now.name });
      label(remove, 'removeNamed', { name: now.name });
    };
    return { element, update };
  }
}

function prewarmForm(exam: () => Exam, actions: Actions): HTMLElement {
  const count = el('input', {
    type: 'number',
    name: 'count',
    min: 1,
    max: 1000,
    value: 2,
    required: true,
    inputmode: 'numeric',
  });
  const submit = el('button', { class: 'primary' }, said('prewarm'));
  const result = el('div', { class: 'result', role: 'status' });
  const form = el('form', { class: 'prewarm' }, el('div', { class: 'row' }, count, submit), result);
  label(count, 'prewarmCount', { name: exam().name });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void run();
  });

  async function run(): Promise<void> {
    submit.disabled = true;
    result.replaceChildren(el('p', { class: 'quiet-text' }, said('prewarmRunning')));
    try {
      const answer = await call<PrewarmAnswer>('POST', `/exams/${exam().id}/prewarm`, { count: count.valueAsNumber });
      result.replaceChildren(
        counts([
          ['pwRequested', answer.requested],
          ['pwCreated', answer.created],
          ['pwFailed', answer.failed],
          ['pwAvailable', answer.poolAvailable],
        ]),
        el('p', { class: 'quiet-text' }, said('prewarmNote')),
      );
      actions.changed();
    } catch (error) {
      result.replaceChildren(el('p', { class: 'wrong' }, reasonOf(error)));
    } finally {
      submit.disabled = false;
    }
  }

  return form;
}
