/**
 * Which proxies are believed when they say for whom they call. Whoever is on
 * this list can pretend to be anybody, so it wants the master password.
 */
import { build } from '../components/template.js';
import { t } from '../text/reach.js';
import { networksOf } from './reach-model.js';
import { Refusal, wireForm } from './setup-parts.js';
import { typed } from './settings-security.js';

/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */

/**
 * @param {import('./view.js').Deps} deps @param {string[]} proxies
 * @param {(list: string[]) => void} saved
 * @returns {HTMLElement}
 */
export function proxiesForm({ api, session, say, signal }, proxies, saved) {
  const built = build('reach-proxies');
  const list = built.part('list', HTMLTextAreaElement);
  const password = /** @type {PasswordField} */ (built.part('password'));
  list.value = proxies.join('\n');
  wireForm(built.root, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? password : list),
    async submit() {
      const { list: networks, wrong } = networksOf(list.value);
      if (wrong.length > 0) throw new Refusal(list, 'reach.proxies.wrong', { what: wrong[0] });
      const masterPasswordHash = await session.verifyPassword(typed(password));
      await api.put('/latchkey/settings', { 'reach.proxies': networks, masterPasswordHash });
      password.value = '';
      say(t('reach.proxies.saved'));
      saved(networks);
    },
  });
  return built.root;
}
