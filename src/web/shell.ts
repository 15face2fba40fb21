import { forgetLogin, type Login } from './api.ts';
import { button, byId, el } from './dom.ts';
import { label, languageSwitch, said, say } from './language.ts';
import { changeOwnPassword } from './own-password.ts';
import type { TextKey } from './texts.ts';

/** What stands above every view: the name, the language, and who is logged in. */
export function fillHeader(
  name: TextKey,
  login: Login | undefined,
  leave: () => void,
  pages: readonly (keyof typeof PAGES)[] = [],
): void {
  const header = byId('header');
  const person = login
    ? [
        el('span', { class: 'person' }, login.user.username),
        button('changePassword', 'quiet', () => void changeOwnPassword(login.user.username)),
        button('logOut', 'quiet', () => {
          forgetLogin();
          leave();
        }),
      ]
    : [];
  header.replaceChildren(
    el(
      'a',
      { class: 'brand', href: location.pathname },
      el('img', { src: '/assets/icon.svg', alt: '', width: 28, height: 28 }),
      said(name),
    ),
    ...(pages.length > 0 ? [navigation(pages)] : []),
    el('div', { class: 'row' }, languages, ...person),
  );
}

const PAGES = { overview: '#', users: '#users' } as const;

/** The console's pages; the one that stands here is marked. */
function navigation(pages: readonly (keyof typeof PAGES)[]): HTMLElement {
  const links = pages.map((page) => {
    const here = (location.hash || '#') === PAGES[page];
    return el('a', { href: PAGES[page], 'aria-current': here ? 'page' : undefined }, said(page));
  });
  const nav = el('nav', { class: 'row' }, ...links);
  label(nav, 'navigation');
  return nav;
}

const languages = languageSwitch();

export function fillSkipLink(): void {
  const link = byId('skip');
  say(link, 'skip');
  label(link, 'skip');
}
