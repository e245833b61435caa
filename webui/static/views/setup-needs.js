/**
 * The style sheets and the markup of the first run, of the settings and of the
 * public path, loaded when one of their views is: whoever only opens the vault
 * never fetches them.
 */
import { needPart } from '../net/parts.js';

/** @typedef {'setup'|'kit'|'settings'|'reach'} Sheet */

/**
 * Loads the style sheets that are not there yet, and the templates that go with them.
 * @param {...Sheet} sheets of css/
 */
export async function needs(...sheets) {
  await Promise.all([...sheets.map(load), ...sheets.map((sheet) => needPart(partOf(sheet)))]);
}

/** @param {Sheet} sheet */
const partOf = (sheet) => (sheet === 'reach' ? 'reach' : 'first');

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
