/**
 * The style sheets and the markup of the first run, of the settings, of the
 * public path, of second factors, of a new key, of the owner's page, of backups
 * and of restoring, loaded when one of their views is: whoever only opens the
 * vault never fetches them.
 */
import { needPart } from '../net/parts.js';

/** The style sheets of css/, each with the part that has its markup. */
const SHEETS = /** @type {const} */ ({
  setup: 'first',
  kit: 'first',
  settings: 'first',
  reach: 'reach',
  second: 'second',
  rotate: 'rotate',
  house: 'house',
  charts: 'house',
  'house-log': 'house',
  backup: 'backup',
  restore: 'restore',
});

/** @typedef {keyof typeof SHEETS} Sheet */

/**
 * Loads the style sheets that are not there yet, and the templates that go with them.
 * @param {...Sheet} sheets of css/
 */
export async function needs(...sheets) {
  await Promise.all([...sheets.map(load), ...sheets.map((sheet) => needPart(SHEETS[sheet]))]);
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
