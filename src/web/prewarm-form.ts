import { call } from './api.ts';
import { counts } from './counts.ts';
import { el } from './dom.ts';
import type { Exam, PoolCounts } from './fleet.ts';
import { label, said, say } from './language.ts';
import { reasonSaid } from './reason.ts';

interface PrewarmAnswer {
  readonly requested: number;
  readonly created: number;
  readonly failed: number;
  readonly poolAvailable: number;
  readonly distributed: readonly { readonly workerCode: string; readonly error?: string }[];
}

/** The button Prewarm with its count, the workers' answer, and how far it has come since. */
export function prewarmForm(exam: () => Exam): {
  readonly element: HTMLElement;
  update(pool: PoolCounts): void;
} {
  const count = el('input', {
    type: 'number',
    name: 'count',
    min: 0,
    max: 1000,
    value: 2,
    required: true,
    inputmode: 'numeric',
  });
  const submit = el('button', { class: 'primary' }, said('prewarm'));
  const result = el('div', { class: 'result' });
  const progress = el('p', { class: 'quiet-text', role: 'status' });
  const element = el('form', { class: 'prewarm' }, el('div', { class: 'row' }, count, submit), result, progress);
  /** How many are to be warm, by the answer. */
  let goal: number | undefined;
  label(count, 'prewarmCount', { name: exam().name });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    void run();
  });

  async function run(): Promise<void> {
    submit.disabled = true;
    goal = undefined;
    result.replaceChildren();
    progress.hidden = false;
    say(progress, 'prewarmRunning');
    try {
      const answer = await call<PrewarmAnswer>('POST', `/exams/${exam().id}/prewarm`, { count: count.valueAsNumber });
      result.replaceChildren(
        counts([
          ['pwRequested', answer.requested],
          ['pwCreated', answer.created],
          ['pwFailed', answer.failed],
          ['pwAvailable', answer.poolAvailable],
        ]),
        ...answer.distributed.flatMap(({ workerCode, error }) =>
          error ? [el('p', { class: 'wrong' }, said('pwWorkerFailed', { worker: workerCode, why: error }))] : [],
        ),
      );
      goal = answer.requested - answer.failed;
      if (goal === 0) say(progress, answer.requested === 0 ? 'prewarmEnded' : 'prewarmNone');
    } catch (error) {
      result.replaceChildren(el('p', { class: 'wrong', role: 'alert' }, reasonSaid(error)));
      progress.hidden = true;
    } finally {
      submit.disabled = false;
    }
  }

  return {
    element,
    update({ warm }) {
      if (goal === undefined || goal === 0) return;
      if (warm < goal) say(progress, 'prewarmFilling', { warm, goal });
      else say(progress, 'prewarmDone', { goal });
    },
  };
}
