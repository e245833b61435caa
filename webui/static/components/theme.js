// theme: light or dark, by the system or by a remembered choice.

/** @typedef {'system' | 'light' | 'dark'} Theme */
/** @typedef {import('../vault/remember.js').Remember} Remember */

/** The remembered choice. @param {Remember} remember @returns {Theme} */
export function theme(remember) {
  const choice = remember.get('theme');
  return choice === 'light' || choice === 'dark' ? choice : 'system';
}

/** Remembers a choice on this device and applies it. @param {Remember} remember @param {Theme} choice */
export function chooseTheme(remember, choice) {
  remember.set('theme', choice === 'system' ? undefined : choice);
  applyTheme(remember);
}

/** Applies the remembered choice to the page and to the browser's own bars. @param {Remember} remember */
export function applyTheme(remember) {
  const choice = theme(remember);
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    const own = meta.getAttribute('data-theme');
    const media = choice === own ? 'all' : 'not all';
    meta.setAttribute('media', choice === 'system' ? `(prefers-color-scheme: ${own})` : media);
  }
}
