import { type Language, preferred, type TextKey, textOf } from './texts.ts';

export type Fill = Readonly<Record<string, string | number>>;

const STORED = 'vdi.language';
let current: Language = start();
const listeners = new Set<() => void>();

function start(): Language {
  const stored = localStorage.getItem(STORED);
  return stored === 'vi' || stored === 'en' ? stored : preferred(navigator.languages);
}

export function t(key: TextKey, fill?: Fill): string {
  return textOf(current, key, fill);
}

/** Text that follows the language switch for as long as it stands on the page. */
export function said(key: TextKey, fill?: Fill): HTMLElement {
  const span = document.createElement('span');
  say(span, key, fill);
  return span;
}

export function say(element: HTMLElement, key: TextKey, fill: Fill = {}): void {
  element.dataset.text = key;
  element.dataset.fill = JSON.stringify(fill);
  showText(element, t(key, fill));
}

/** Text that is the same in every language. */
export function showPlain(element: HTMLElement, text: string): void {
  delete element.dataset.text;
  showText(element, text);
}

/** Pages are brought up to date each second: what is as it was is not written again, for screen readers would say it. */
function showText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The same for what only a screen reader or a tooltip says. */
export function label(element: HTMLElement, key: TextKey, fill: Fill = {}): void {
  element.dataset.label = key;
  element.dataset.labelFill = JSON.stringify(fill);
  const text = t(key, fill);
  if (element.getAttribute('aria-label') !== text) element.setAttribute('aria-label', text);
}

export function onLanguage(listener: () => void): void {
  listeners.add(listener);
}

function choose(language: Language): void {
  current = language;
  localStorage.setItem(STORED, language);
  apply();
  for (const listener of listeners) listener();
}

function apply(): void {
  document.documentElement.lang = current;
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
    element.textContent = t(element.dataset.text as TextKey, JSON.parse(element.dataset.fill ?? '{}'));
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-label]')) {
    element.setAttribute(
      'aria-label',
      t(element.dataset.label as TextKey, JSON.parse(element.dataset.labelFill ?? '{}')),
    );
  }
}

export function languageSwitch(): HTMLElement {
  const group = document.createElement('div');
  group.className = 'languages';
  group.setAttribute('role', 'group');
  label(group, 'language');
  const buttons = (['en', 'vi'] as const).map((language) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.lang = language;
    button.textContent = language === 'en' ? 'EN' : 'VI';
    button.title = language === 'en' ? 'English' : 'Tiếng Việt';
    button.addEventListener('click', () => choose(language));
    return { button, language };
  });
  const mark = () => {
    for (const { button, language } of buttons) button.setAttribute('aria-pressed', String(language === current));
  };
  mark();
  onLanguage(mark);
  group.append(...buttons.map(({ button }) => button));
  apply();
  return group;
}
