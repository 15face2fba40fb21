import { say } from './language.ts';
import type { TextKey } from './texts.ts';

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with its attributes and children: `el('p', { class: 'lead' }, 'text')`. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

export function button(key: TextKey, kind: 'primary' | 'quiet' | 'danger', onClick: () => void): HTMLButtonElement {
  const made = el('button', { type: 'button', class: kind });
  say(made, key);
  made.addEventListener('click', onClick);
  return made;
}

/** The element of the page's own HTML with this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** Shows this one view. Its heading gets the focus, so that keyboard and screen reader start where the news is. */
export function show(root: HTMLElement, ...children: Node[]): void {
  root.replaceChildren(...children);
  const start = root.querySelector<HTMLElement>('[data-start]') ?? root.querySelector<HTMLElement>('h1, h2');
  if (!start) return;
  if (/^H\d$/.test(start.tagName)) start.tabIndex = -1;
  start.focus();
}

/** Keeps one child per item: typed numbers, focus and results on the page outlive a refresh. */
export function keepRows<T>(
  parent: HTMLElement,
  items: readonly T[],
  keyOf: (item: T) => string,
  make: (item: T) => { element: HTMLElement; update: (item: T) => void },
  rows: Map<string, { element: HTMLElement; update: (item: T) => void }>,
): void {
  const wanted = new Set(items.map(keyOf));
  for (const [key, row] of rows) {
    if (wanted.has(key)) continue;
    row.element.remove();
    rows.delete(key);
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    const row = rows.get(key) ?? make(item);
    rows.set(key, row);
    row.update(item);
    if (parent.children[index] !== row.element) parent.insertBefore(row.element, parent.children[index] ?? null);
  });
}
