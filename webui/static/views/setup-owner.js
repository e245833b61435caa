/**
 * "You": the owner's account. The password is handed on, in memory only, to the
 * recovery kit's step, which needs it once more; then nobody here has it.
 */
import { build } from '../components/template.js';
import { strength } from '../vault/strength.js';
import { t } from '../text/text.js';
import { nameIn } from './setup-name-in.js';
import { emailOf, newPassword, Refusal, wireForm } from './setup-parts.js';
import { beginKit } from './setup-kit.js';
import { register } from '../vault/account-acts.js';

/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */
/** @typedef {import('./setup.js').Wizard} Wizard */

/** @param {Wizard} wizard */
export function showOwner(wizard) {
  const made = wizard.state.steps.some((step) => step.name === 'owner' && step.done);
  if (made) showMade(wizard);
  else showForm(wizard);
}

/** @param {Wizard} wizard */
function showMade(wizard) {
  const built = build('setup-owner-made');
  const { email } = wizard.deps.session;
  built.part('lead').textContent = email ? t('setup.owner.made.as', { email }) : t('setup.owner.made');
  built.part('go').addEventListener('click', () => wizard.go(wizard.state.step));
  wizard.present(built.root);
}

/** @param {Wizard} wizard */
function showForm(wizard) {
  const { session, api, signal } = wizard.deps;
  const built = build('setup-owner');
  const email = built.part('email', HTMLInputElement);
  built.part('password').replaceWith(build('first-password').root);
  const before = wizard.state.reach === 'public' ? 'name' : 'reach';
  built.part('back').addEventListener('click', () => wizard.go(before));
  wireForm(built.root, {
    session,
    signal,
    place: (code) => (code.includes('email') ? email : null),
    async submit() {
      const address = emailOf(email);
      const account = { name: nameIn(address), email: address, password: passwordOf(built.root) };
      await register(session, account);
      wizard.state = await api.get('/latchkey/setup');
      await session.signIn(account.email, account.password);
      await beginKit(wizard, account.password);
    },
  });
  wizard.present(built.root);
}

/**
 * The new password of a form that holds the template first-password.
 * @param {ParentNode} form @returns {string}
 */
export function passwordOf(form) {
  const [first, again] = /** @type {NodeListOf<PasswordField>} */ (form.querySelectorAll('password-field'));
  const password = newPassword(first, again, strength(first.value));
  const tick = /** @type {HTMLInputElement} */ (form.querySelector('[data-part="understood"]'));
  if (!tick.checked) throw new Refusal(tick, 'first.understood.refused');
  return password;
}
