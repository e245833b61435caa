/**
 * "Reach": who can reach the house, as plain choices. The home network costs
 * nothing; the three ways from anywhere differ in where the name comes from.
 * What each means is said before it is agreed to.
 */
import { build } from '../components/template.js';
import { t } from '../text/text.js';
import { note } from './setup-memory.js';
import { Refusal, wireForm } from './setup-parts.js';
import { fetchLinks, mainLink } from './setup-trust.js';

/** @typedef {'home'|import('./reach-model.js').Way} Chosen */

/** @param {import('./setup.js').Wizard} wizard */
export async function showReach(wizard) {
  const { api, signal } = wizard.deps;
  const built = build('setup-reach');
  const form = /** @type {HTMLFormElement} */ (built.root);
  built.part('what').textContent = await whatOf(api);
  if (signal.aborted || wizard.now !== 'reach') return;
  choose(form, wizard);
  const turn = () => (built.part('means').hidden = chosenIn(form) !== 'home');
  form.addEventListener('change', turn);
  turn();
  built.part('back').addEventListener('click', () => wizard.go('where'));
  wireForm(form, {
    signal,
    async submit() {
      const chosen = chosenIn(form);
      if (chosen === '') throw new Refusal(built.part('none'), 'setup.reach.none');
      try {
        const state = await api.post('/latchkey/setup/reach', {
          mode: chosen === 'home' ? 'home' : 'public',
        });
        if (chosen === 'home') return wizard.advance(state);
        note(wizard, { way: chosen, stay: false });
        wizard.advance(state, 'name');
      } catch (error) {
        if (Object(error).status !== 404) throw error;
        wizard.lost();
      }
    },
  });
  wizard.present(form);
}

/** @param {HTMLFormElement} form @param {import('./setup.js').Wizard} wizard what was chosen before stays chosen */
function choose(form, { state, memory }) {
  const before = state.reach === 'public' ? memory.way : state.reach;
  const radio = before ? form.querySelector(`[value="${before}"]`) : null;
  if (radio instanceof HTMLInputElement) radio.checked = true;
}

/** @param {HTMLFormElement} form @returns {Chosen|''} */
function chosenIn(form) {
  return /** @type {Chosen|''} */ (new FormData(form).get('reach') ?? '');
}

/**
 * What the home network means here, with the house's own address where it tells one.
 * @param {import('../net/api.js').Api} api
 */
async function whatOf(api) {
  const links = await fetchLinks(api).catch(() => null);
  if (!links) return t('setup.reach.home.unnamed');
  const main = mainLink(links);
  return main ? t('setup.reach.home.what', { url: main.url }) : t('setup.reach.home.here');
}
