/**
 * "Reach": who can reach the house. The home network is what there is to
 * choose; what that means is said before it is agreed to.
 */
import { build } from '../components/template.js';
import { t } from '../text/text.js';
import { wireForm } from './setup-parts.js';
import { fetchLinks, mainLink } from './setup-trust.js';

/** @param {import('./setup.js').Wizard} wizard */
export async function showReach(wizard) {
  const { api, signal } = wizard.deps;
  const built = build('setup-reach');
  built.part('what').textContent = await whatOf(api);
  if (signal.aborted || wizard.now !== 'reach') return;
  built.part('back').addEventListener('click', () => wizard.go('where'));
  wireForm(built.root, {
    signal,
    async submit() {
      try {
        wizard.advance(await api.post('/latchkey/setup/reach', { mode: 'home' }));
      } catch (error) {
        if (Object(error).status !== 404) throw error;
        wizard.lost();
      }
    },
  });
  wizard.present(built.root);
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
