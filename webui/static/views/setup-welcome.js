/**
 * The first screen: what will happen, how long it takes, what to have at hand.
 */
import { build } from '../components/template.js';
import { t } from '../text/text.js';

/** @param {import('./setup.js').Wizard} wizard */
export function showWelcome(wizard) {
  const built = build('setup-welcome');
  built.part('resume').textContent = t('setup.welcome.resume', { count: wizard.state.minutesLeft });
  built.part('begin').addEventListener('click', () => wizard.go('where'));
  wizard.present(built.root);
}
