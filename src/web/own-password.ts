import { changePassword, Refused } from './api.ts';
import { el } from './dom.ts';
import { field, formDialog } from './form-dialog.ts';
import { said } from './language.ts';

/** Whoever is logged in gives himself another password; the new one twice, since nobody sees what he types. */
export function changeOwnPassword(username: string): Promise<boolean> {
  const input = (name: string, autocomplete: string) =>
    el('input', { name, type: 'password', required: true, maxlength: 200, autocomplete });
  const current = input('currentPassword', 'current-password');
  const next = input('newPassword', 'new-password');
  const again = input('again', 'new-password');

  return formDialog({
    title: 'changePassword',
    submit: 'save',
    fields: [
      // For the browser's own store of passwords.
      el('input', { hidden: true, autocomplete: 'username', value: username }),
      field('currentPassword', current),
      field('newPassword', next, 'newPasswordHint'),
      field('newPasswordAgain', again),
    ],
    async act(form) {
      if (next.value.length < 8) throw wrong(next, 'password_too_short');
      if (next.value !== again.value) throw wrong(again, 'passwords_differ');
      try {
        await changePassword(current.value, next.value);
      } catch (error) {
        if (error instanceof Refused && error.code === 'wrong_password') current.select();
        throw error;
      }
      form.show(el('p', { class: 'lead' }, said('passwordChanged')));
      return false;
    },
  });
}

/** As the server would say it of this field. */
function wrong({ name }: HTMLInputElement, code: string): Refused {
  return new Refused(400, 'invalid_body', { fields: [{ field: name, code, message: code }] });
}
