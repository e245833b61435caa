/**
 * What the wizard notes beside its entry of the browser's history: small things
 * that a reload must not lose and the house need not know. Never a secret.
 */

/**
 * @typedef {object} Memory
 * @property {import('./reach-model.js').Way} [way] where the public name comes from
 * @property {boolean} [begun] a new house was chosen on the first screen
 * @property {string} [restore] the restore that is under way, '' for none
 * @property {boolean} [stay] goes on here, although there is a trusted name
 */

/** @returns {Memory} what was noted before */
export function remembered() {
  return { ...Object(history.state)?.wizard };
}

/** @param {{memory: Memory}} wizard @param {Memory} more */
export function note(wizard, more) {
  Object.assign(wizard.memory, more);
  history.replaceState({ ...Object(history.state), wizard: wizard.memory }, '');
}
