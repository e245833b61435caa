/**
 * The first screen: a new house, or one that comes back from a backup.
 */
import { build } from '../components/template.js';
import { note } from './setup-memory.js';

/** @typedef {import('./setup.js').Wizard} Wizard */

/** @param {Wizard} wizard */
export function showWelcome(wizard) {
  const built = build('setup-welcome');
  wizard.begin();
  wizard.unmark();
  built.part('begin').addEventListener('click', () => {
    note(wizard, { begun: true });
    wizard.go('where');
  });
  built.part('restore').addEventListener('click', () => void restoreIn(wizard));
  wizard.present(built.root);
}

/**
 * Bringing a house back, in the wizard.
 * @param {Wizard} wizard @param {string} [id] of the restore that is under way
 */
export async function restoreIn(wizard, id) {
  const { deps } = wizard;
  const welcome = () => showWelcome(wizard);
  /** @param {unknown} error */
  const lost = (error) => {
    if (deps.signal.aborted) return;
    if (Object(error).status === 404) wizard.lost();
    else wizard.trouble(error, welcome);
  };
  wizard.begin();
  wizard.unmark();
  try {
    const { Restoring } = await import('./restore.js');
    const restoring = new Restoring({
      deps,
      present: wizard.present,
      leave: welcome,
      remember: (restore) => note(wizard, { restore }),
      lost,
      owner: false,
      wanted: null,
    });
    await restoring.begin(id);
  } catch (error) {
    lost(error);
  }
}
