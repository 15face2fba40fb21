import { type Login, logIn } from './api.ts';
import { el } from './dom.ts';
import { said } from './language.ts';
import { reasonSaid } from './reason.ts';
import type { TextKey } from './texts.ts';

interface LoginWords {
  readonly title: TextKey;
  readonly lead: TextKey;
}

/** The form that both pages begin with. `problem`: why the person is here again. */
export function loginView(words: LoginWords, onLogin: (login: Login) => void, problem?: TextKey): HTMLElement {
  const username = el('input', {
    id: 'username',
    name: 'username',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    required: true,
    maxlength: 100,
    'data-start': true,
  });
  const password = el('input', {
    id: 'password',
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
    required: true,
    maxlength: 200,
  });
  const shown = el('input', { type: 'checkbox', id: 'show-password' });
  shown.addEventListener('change', () => {
    password.type = shown.checked ? 'text' : 'password';
  });
  const wrong = el('p', { class: 'wrong', role: 'alert', id: 'login-problem' }, ...(problem ? [said(problem)] : []));
  const submit = el('button', { class: 'primary wide' }, said('logIn'));
  const form = el(
    'form',
    { class: 'fields' },
    el('div', { class: 'field' }, el('label', { for: 'username' }, said('username')), username),
    el('div', { class: 'field' }, el('label', { for: 'password' }, said('password')), password),
    el('label', { class: 'check', for: 'show-password' }, shown, said('showPassword')),
    wrong,
    submit,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt();
  });

  async function attempt(): Promise<void> {
    submit.disabled = true;
    wrong.replaceChildren();
    try {
      onLogin(await logIn(username.value, password.value));
    } catch (error) {
      wrong.replaceChildren(reasonSaid(error));
      password.select();
    } finally {
      submit.disabled = false;
    }
  }

  return el(
    'section',
    { class: 'card narrow', 'aria-labelledby': 'login-title' },
    el('h1', { id: 'login-title' }, said(words.title)),
    el('p', { class: 'lead' }, said(words.lead)),
    form,
  );
}
