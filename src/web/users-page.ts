import { call, Refused } from './api.ts';
import { askRemove } from './ask.ts';
import { banner } from './banner.ts';
import { button, el, keepRows, show } from './dom.ts';
import { label, said, say, showPlain } from './language.ts';
import { cell, headRow } from './table.ts';
import { editUser } from './user-form.ts';
import { importUsers } from './user-import.ts';
import { ROLES, type User, type UserPage } from './users.ts';

const TYPING_MS = 300;

/** Who may log in: found by name, made one by one or from a file, changed, deleted. Returns what leaves it. */
export function showUsers(root: HTMLElement, onRefused: () => void): () => void {
  const stopping = new AbortController();
  const problem = banner();
  const search = el('input', { type: 'search', name: 'q', autocomplete: 'off', spellcheck: 'false' });
  const role = el(
    'select',
    { name: 'role' },
    el('option', { value: '' }, said('anyRole')),
    ...ROLES.map((value) => el('option', { value }, said(value))),
  );
  const total = el('p', { class: 'quiet-text', role: 'status' });
  const body = el('tbody', {});
  const table = el(
    'table',
    { class: 'workers users', hidden: true },
    headRow(['username', 'personName', 'role', 'actions']),
    body,
  );
  const more = button('more', 'quiet', () => void load(next));
  const rows = new Map<string, { element: HTMLElement; update: (user: User) => void }>();
  let users: User[] = [];
  let next: string | null = null;
  let typing: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  label(role, 'role');
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => void load(), TYPING_MS);
  });
  role.addEventListener('change', () => void load());

  show(
    root,
    problem.element,
    el(
      'section',
      { class: 'panel' },
      el(
        'div',
        { class: 'row spread section-head' },
        el('h1', {}, said('users')),
        el(
          'div',
          { class: 'row' },
          button('importUsers', 'quiet', () => void importUsers().then(reload)),
          button('newUser', 'primary', () => void editUser().then(reload)),
        ),
      ),
      el('div', { class: 'row filters' }, el('label', { class: 'field' }, said('findUser'), search), role, total),
      table,
      el('div', { class: 'row center' }, more),
    ),
  );
  more.hidden = true;
  void load();

  function reload(done: boolean): void {
    if (done) void load();
  }

  /** @param after the page that follows this one; without it, from the start */
  async function load(after: string | null = null): Promise<void> {
    // It asks for what is typed now: asked again later, the list would begin anew.
    clearTimeout(typing);
    const mine = ++asked;
    const query = new URLSearchParams({
      ...(search.value.trim() ? { q: search.value.trim() } : {}),
      ...(role.value ? { role: role.value } : {}),
      ...(after ? { after } : {}),
    });
    try {
      const page = await call<UserPage>('GET', `/users?${query}`, undefined, stopping.signal);
      // A slow answer to what was typed before must not stand over the newer one.
      if (mine !== asked) return;
      users = after ? [...users, ...page.users] : [...page.users];
      next = page.next;
      more.hidden = next === null;
      table.hidden = users.length === 0;
      say(total, 'usersShown', { n: users.length, total: page.total });
      keepRows(body, users, ({ id }) => String(id), makeRow, rows);
      problem.tell(undefined);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (error instanceof Refused && error.status === 401) return onRefused();
      problem.tell(error);
    }
  }

  function makeRow(first: User) {
    let user = first;
    const username = el('span', { class: 'strong' });
    const name = el('span', {});
    const badge = el('span', { class: 'badge neutral' });
    const edit = button('edit', 'quiet', () => void editUser(user).then(reload));
    const remove = button('remove', 'quiet', () => void askRemove(user.username, `/users/${user.id}`).then(reload));
    const element = el(
      'tr',
      {},
      el('th', { scope: 'row' }, username),
      cell('personName', name),
      cell('role', badge),
      cell('actions', el('div', { class: 'row' }, edit, remove)),
    );

    const update = (now: User) => {
      user = now;
      showPlain(username, now.username);
      showPlain(name, now.name ?? '');
      say(badge, now.role);
      label(edit, 'editNamed', { name: now.username });
      label(remove, 'removeNamed', { name: now.username });
    };
    return { element, update };
  }

  return () => {
    clearTimeout(typing);
    stopping.abort();
  };
}
