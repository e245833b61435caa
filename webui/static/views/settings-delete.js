/**
 * "Delete account": says what goes and how many, offers an export first, wants
 * a tick and the master password.
 */
import { build } from '../components/template.js';
import { t } from '../text/text.js';
import { typed } from './settings-security.js';
import { Refusal, wireForm } from './setup-parts.js';
import { deleteAccount } from '../vault/account-acts.js';

/** @type {import('./settings.js').Show} */
export function show(body, { session, vault, navigate, say, signal }) {
  const built = build('settings-delete');
  const folders = t('settings.delete.folders', { count: vault.folders.length });
  built.part('lead').textContent = t('settings.delete.lead', { count: vault.items.length, folders });
  const password = /** @type {import('../components/password-field.js').PasswordField} */ (
    built.part('password')
  );
  const tick = built.part('understood', HTMLInputElement);
  wireForm(built.root, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? password : null),
    async submit() {
      if (!tick.checked) throw new Refusal(tick, 'first.understood.refused');
      await deleteAccount(session, typed(password));
      navigate('#/', { replace: true });
      say(t('settings.delete.gone'));
    },
  });
  body.append(built.root);
}
