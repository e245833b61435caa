/**
 * "New encryption key" of the settings: what it is for, what happens, the
 * password, and what came of it.
 */
import { messageOf } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/rotate.js';
import { newKey } from '../vault/new-key.js';
import { typed } from './settings-security.js';
import { needs } from './setup-needs.js';
import { wireForm } from './setup-parts.js';

/** @typedef {import('./view.js').Deps} Deps */

/** @param {HTMLElement} place @param {Deps} deps */
export async function showRotate(place, { session, say, signal }) {
  await needs('rotate');
  if (signal.aborted) return;
  const built = build('settings-rotate');
  const password = /** @type {import('../components/password-field.js').PasswordField} */ (
    built.part('password')
  );
  wireForm(built.root, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? password : null),
    async submit(_form, progress) {
      try {
        const { items, lost, open } = await newKey(session, typed(password), progress);
        if (open) return tell(built, items, lost);
        say(t('rotate.done.away'));
      } catch (error) {
        if (session.state !== 'out') throw error;
        const { text, hint } = messageOf(error); // the form is gone
        say(`${text} ${hint}`);
      } finally {
        password.value = '';
      }
    },
  });
  place.replaceChildren(built.root);
}

/** @param {import('../components/template.js').Built} built @param {number} count @param {string[]} lost */
function tell({ part }, count, lost) {
  part('items').textContent = t('rotate.done.items', { count });
  part('lost').textContent = t('rotate.done.lost', { count: lost.length, names: lost.join(', ') });
  part('lost').hidden = lost.length === 0;
  part('form').hidden = true;
  part('done').hidden = false;
  part('done').focus();
}
