/**
 * The first screen: what will happen, how long it takes, what to have at hand.
 */
import { build } from '../components/template.js';

/** @param {import('./setup.js').Wizard} wizard */
export function showWelcome(wizard) {
  const built = build('setup-welcome');
  built.part('begin').addEventListener('click', () => wizard.go('where'));
  wizard.present(built.root);
}
