/** The owner's first name here, so that the wizard asks for one thing less. */

/**
 * A first name for an account, out of its address: the person can change it
 * later, and is asked for one thing less now. Words, each with a capital.
 * @param {string} email as emailOf gives it
 * @returns {string} never empty
 */
export function nameIn(email) {
  const local = email.split('@')[0].replace(/\+.*$/s, '');
  const words = local.split(/[._\-\d]+/).filter(Boolean);
  return words.map((word) => word[0].toLocaleUpperCase() + word.slice(1)).join(' ') || local || email;
}
