import { el } from './dom.ts';
import { said } from './language.ts';
import type { TextKey } from './texts.ts';

/** Numbers with their names, as they are. */
export function counts(rows: readonly (readonly [key: TextKey, value: number])[]): HTMLElement {
  return el(
    'dl',
    { class: 'counts' },
    ...rows.map(([key, value]) => el('div', {}, el('dt', {}, said(key)), el('dd', {}, String(value)))),
  );
}
