/**
 * The style sheets of the first run and of the settings, loaded when one of
 * their views is: whoever only opens the vault never fetches them.
 */

/** @typedef {'setup'|'kit'|'settings'} Sheet */

/**
 * Loads the style sheets that are not there yet.
 * @param {...Sheet} sheets of css/
 */
export async function needs(...sheets) {
  await Promise.all(sheets.map(load));
}

/**
 * @param {Sheet} sheet
 * @returns {Promise<void>} resolves when it holds; a sheet that can't be had leaves the view plain, but there
 */
function load(sheet) {
  const id = `css-${sheet}`;
  if (document.getElementById(id)) return Promise.resolve();
  const link = document.createElement('link');
  link.id = id;
  link.rel = 'stylesheet';
  link.href = new URL(`../css/${sheet}.css`, import.meta.url).href;
  return new Promise((resolve) => {
    link.addEventListener('load', () => resolve());
    link.addEventListener('error', () => {
      link.remove();
      resolve();
    });
    document.head.append(link);
  });
}
