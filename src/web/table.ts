import { el } from './dom.ts';
import { said } from './language.ts';
import type { TextKey } from './texts.ts';

export function headRow(columns: readonly TextKey[]): HTMLElement {
  return el('thead', {}, el('tr', {}, ...columns.map((key) => el('th', { scope: 'col' }, said(key)))));
}

/** A cell that says its column's name itself where the page is too narrow for a head. */
export function cell(key: TextKey, ...children: Node[]): HTMLElement {
  return el('td', {}, el('span', { class: 'cell-name', 'aria-hidden': 'true' }, said(key)), el('div', {}, ...children));
}
