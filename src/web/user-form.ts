import { call } from './api.ts';
import { button, el } from './dom.ts';
import { field, formDialog } from './form-dialog.ts';
import { said, say } from './language.ts';
import { ROLES, type User } from './users.ts';

/** Makes a user, or changes one. True when something was saved. */
export function editUser(user?: User): Promise<boolean> {
  const username = el('input', {
    name: 'username',
    value: user?.username ?? '',
    required: true,
    maxlength: 100,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
  });
  const name = el('input', { name: 'name', value: user?.name ?? '', maxlength: 200, autocomplete: 'off' });
  const role = el(
    'select',
    { name: 'role' },
    ...ROLES.map((value) => el('option', { value, selected: value === (user?.role ?? 'STUDENT') }, said(value))),
  );
  const password = el('input', { name: 'password', type: 'password', maxlength: 200, autocomplete: 'new-password' });
  const generate = el('input', { name: 'generatePassword', type: 'checkbox' });
  generate.addEventListener('change', () => {
    password.disabled = generate.checked;
  });

  return formDialog({
    title: user ? 'editUser' : 'newUser',
    submit: 'save',
    fields: [
      field('username', username),
      field('personName', name),
      field('role', role),
      field('password', password, user ? 'passwordKept' : 'passwordMade'),
      ...(user ? [el('label', { class: 'check' }, generate, said('generatePassword'))] : []),
    ],
    async act(form) {
      const newPassword = password.value && !generate.checked ? { password: password.value } : {};
      const body = { username: username.value, name: name.value, role: role.value, ...newPassword };
      const saved = user
        ? await call<User>('PATCH', `/users/${user.id}`, {
            ...body,
            ...(generate.checked ? { generatePassword: true } : {}),
          })
        : await call<User>('POST', '/users', body);
      if (!saved.generatedPassword) return true;
      form.show(
        el('p', {}, said('passwordOf', { name: saved.username })),
        secretOf(saved.generatedPassword),
        el('p', { class: 'quiet-text' }, said('passwordOnce')),
      );
      return false;
    },
  });
}

/** To be written down, or copied where the browser allows that: to pages that came over HTTPS or from this machine. */
function secretOf(password: string): HTMLElement {
  const copy = button(
    'copy',
    'quiet',
    () => void navigator.clipboard.writeText(password).then(() => say(copy, 'copied')),
  );
  copy.hidden = !navigator.clipboard;
  return el('p', { class: 'row' }, el('code', { class: 'secret' }, password), copy);
}
