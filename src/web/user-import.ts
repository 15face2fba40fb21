import { Refused, sendFile } from './api.ts';
import { counts } from './counts.ts';
import { el } from './dom.ts';
import { field, formDialog } from './form-dialog.ts';
import { label, said, say, showPlain } from './language.ts';
import { wrongSaid } from './reason.ts';
import { cell, headRow } from './table.ts';
import type { ImportResult } from './users.ts';

/** Takes a class in from a CSV file. Each row that could not be taken is shown with its line. True when some were. */
export function importUsers(): Promise<boolean> {
  const file = el('input', { type: 'file', name: 'file', accept: '.csv,.txt,text/csv', required: true });
  const update = el('input', { type: 'checkbox', name: 'existing' });
  const all = el('input', { type: 'checkbox', name: 'all' });
  const progress = el('span', {});
  const bar = el('progress', { hidden: true });
  bar.setAttribute('aria-labelledby', 'import-progress');
  progress.id = 'import-progress';
  const wrong = el('div', {});

  return formDialog({
    title: 'importUsers',
    submit: 'importNow',
    canStop: true,
    fields: [
      el('p', { class: 'lead' }, said('importLead')),
      el('pre', { class: 'sample' }, 'username,password,name,role\nan.nguyen,Thi-2026-an,Nguyễn Văn An,STUDENT'),
      field('csvFile', file),
      el('label', { class: 'check' }, update, said('importExisting')),
      el('label', { class: 'check' }, all, said('importAll')),
      el('p', { role: 'status', class: 'quiet-text' }, progress),
      bar,
      wrong,
    ],
    async act(form) {
      const chosen = file.files?.[0];
      if (!chosen) return false;
      wrong.replaceChildren();
      bar.hidden = false;
      bar.removeAttribute('value');
      say(progress, 'importSending');
      const query = new URLSearchParams({ existing: update.checked ? 'update' : 'keep', all: String(all.checked) });
      let result: ImportResult | undefined;
      let at = { done: 0, rows: 0, taken: 0 };
      try {
        await sendFile(
          `/users/import?${query}`,
          chosen,
          (line) => {
            if (typeof line.done === 'number' && typeof line.rows === 'number') {
              at = { done: line.done, rows: line.rows, taken: Number(line.taken ?? 0) };
              bar.max = Math.max(1, line.rows);
              bar.value = line.done;
              say(progress, 'importProgress', { n: line.done, total: line.rows });
            }
            if (line.result) result = line.result as ImportResult;
            else if (line.error) throw new Refused(422, String(line.error), line);
          },
          form.signal,
        );
        if (!result) throw new Refused(0, 'offline', {});
      } catch (error) {
        if (form.signal.aborted) {
          form.show(...stopped(at, all.checked));
          return false;
        }
        if (error instanceof Refused && Array.isArray(error.answer.errors)) {
          wrong.replaceChildren(errorTable(error.answer.errors as ImportResult['errors']));
        }
        throw error;
      } finally {
        bar.hidden = true;
        showPlain(progress, '');
      }
      form.show(...resultOf(result));
      return false;
    },
  });
}

/** The server stops when the page does not listen any more. What it had not told by then is said to be unknown. */
function stopped({ done, rows, taken }: { done: number; rows: number; taken: number }, all: boolean): Node[] {
  const isAtEnd = rows > 0 && done === rows;
  const key = !all ? 'importStopped' : isAtEnd ? 'importStoppedLate' : 'importStoppedNone';
  return [
    el('p', { class: 'strong', role: 'status' }, said(key, { n: taken, total: rows })),
    el('p', {}, said('importAgain')),
  ];
}

function resultOf({ rows, created, updated, kept, failed, errors, ignoredColumns = [] }: ImportResult): Node[] {
  return [
    counts([
      ['imRows', rows],
      ['imCreated', created],
      ['imUpdated', updated],
      ['imKept', kept],
      ['imFailed', failed],
    ]),
    ...(ignoredColumns.length > 0
      ? [el('p', { class: 'reasons' }, said('imIgnored', { names: ignoredColumns.join(', ') }))]
      : []),
    ...(errors.length > 0 ? [errorTable(errors)] : [el('p', { class: 'quiet-text' }, said('imNoErrors'))]),
  ];
}

function errorTable(errors: ImportResult['errors']): HTMLElement {
  const rows = errors.map(({ line, username, ...wrong }) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, said('imLine', { n: line })),
      cell('username', el('span', {}, username ?? '')),
      cell('imProblem', wrongSaid(wrong)),
    ),
  );
  const table = el(
    'table',
    { class: 'workers errors' },
    headRow(['imLineHead', 'username', 'imProblem']),
    el('tbody', {}, ...rows),
  );
  const scroll = el('div', { class: 'scroll', tabindex: 0, role: 'group' }, table);
  label(scroll, 'imErrors');
  return scroll;
}
