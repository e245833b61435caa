/**
 * Another provider or token for the same name, or the first name of a house
 * that was reached at home only. It wants the master password: whoever has the
 * token can take the name away.
 */
import { build } from '../components/template.js';
import { t } from '../text/reach.js';
import { postReach } from './reach-api.js';
import { ReachForm } from './reach-form.js';
import { wayOf } from './reach-model.js';
import { typed } from './settings-security.js';
import { wireForm } from './setup-parts.js';

/** @typedef {import('./reach-model.js').Reach} Reach @typedef {import('./reach-model.js').Way} Way */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */

/**
 * @param {Reach} reach @param {import('./view.js').Deps} deps
 * @param {(reach: Reach) => void} changed
 * @returns {HTMLElement}
 */
export function changeForm(reach, { api, session, say, signal }, changed) {
  const fixed = reach.mode === 'public' && reach.plan.name !== '';
  const which = fixed ? 'reach.change' : 'reach.public';
  const built = build('reach-change');
  const password = /** @type {PasswordField} */ (built.part('password'));
  built.part('lead').textContent = t(`${which}.lead`);
  built.part('submit').textContent = t(`${which}.go`);
  let leaving = new AbortController();
  signal.addEventListener('abort', () => leaving.abort());
  /** @type {ReachForm} */
  let form;
  /** @param {Way} way */
  const turn = (way) => {
    leaving.abort();
    leaving = new AbortController();
    form = new ReachForm({ api, reach, way, fixed, signal: leaving.signal });
    built.part('form').replaceChildren(form.root);
  };
  const first = wayOf(reach.plan, reach.providers);
  for (const radio of built.part('ways').querySelectorAll('input')) {
    radio.checked = radio.value === first;
    radio.addEventListener('change', () => turn(/** @type {Way} */ (radio.value)), { signal });
  }
  turn(first);
  wireForm(built.root, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? password : form.place(code)),
    async submit() {
      const choice = form.read();
      const masterPasswordHash = await session.verifyPassword(typed(password));
      const started = await postReach(api, '', { ...choice, masterPasswordHash });
      form.credentials.clear();
      password.value = '';
      say(t('reach.change.started'));
      changed(started);
    },
  });
  return built.root;
}
