/**
 * "Recovery kit" as a step of the wizard. Right after the account was made the
 * password is at hand; after a reload it is asked for once, by signing in.
 */
import { build } from '../components/template.js';
import { announce } from '../components/toast.js';
import { t } from '../text/text.js';
import { fetchKit, showKit } from './kit.js';
import { emailOf, Refusal, wireForm } from './setup-parts.js';

/** @typedef {import('./setup.js').Wizard} Wizard */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */

/**
 * Shows the kit of a password that was just typed.
 * @param {Wizard} wizard @param {string} password
 */
export async function beginKit(wizard, password) {
  const fresh = await fetchKit(wizard.deps, password);
  if (wizard.deps.signal.aborted) return;
  wizard.mark('kit');
  await showKit(
    {
      deps: wizard.deps,
      present: wizard.present,
      confirmed: () => void finish(wizard),
      again: () => showKitStep(wizard),
    },
    fresh,
  );
}

/** @param {Wizard} wizard */
async function finish(wizard) {
  announce(t('kit.ask.right'));
  const next = wizard.state.reach === 'public' ? 'door' : 'done';
  try {
    wizard.advance(await wizard.deps.api.get('/latchkey/setup'), next);
  } catch {
    // The wizard's session may end with its last step; the kit is in force all the same.
    wizard.go(next);
  }
}

/** @param {Wizard} wizard */
export function showKitStep(wizard) {
  const { session, signal } = wizard.deps;
  const built = build('setup-kit');
  const email = built.part('email', HTMLInputElement);
  const password = /** @type {PasswordField} */ (built.part('password'));
  email.value = session.email ?? '';
  built.part('email-field').hidden = session.state === 'open';
  const back = session.state === 'open' ? 'again' : 'signin';
  built.part('title').textContent = t(`setup.kit.${back}.title`);
  built.part('lead').textContent = t(`setup.kit.${back}.lead`);
  wireForm(built.root, {
    session,
    signal,
    place: (code) => (code === 'signin.wrong' || code === 'password.wrong' ? password : null),
    async submit() {
      const typed = password.value;
      if (session.state !== 'open') {
        const address = emailOf(email);
        if (typed === '') throw new Refusal(password, 'first.needed');
        await session.signIn(address, typed);
      } else if (typed === '') throw new Refusal(password, 'first.needed');
      await beginKit(wizard, typed);
    },
  });
  wizard.present(built.root);
}
