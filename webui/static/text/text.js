// text: turns a key and values into a sentence. All sentences stand in en.js
// (shell and vault) and en-first.js (wizard and settings); never HTML.
import en from './en.js';
import first from './en-first.js';

/** @typedef {Record<string, string | number | null | undefined>} Values */

/** @type {Record<string, string>} */
const sentences = { ...en, ...first };

const language = 'en';
const rules = new Intl.PluralRules(language);

/**
 * Whether there is a sentence for a key: problems of the server are translated
 * by code where we have a text, and shown as they came otherwise.
 * @param {string} key
 */
export function knows(key) {
  return Object.hasOwn(sentences, key);
}

/**
 * The sentence of a key, with {name} replaced from values. Where there is no
 * KEY but KEY.one and KEY.other, values.count chooses. An unknown key is shown
 * as itself.
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const sentence = sentences[key] ?? sentences[`${key}.${rules.select(Number(values.count ?? 0))}`];
  if (sentence === undefined) return key;
  return sentence.replace(/\{(\w+)\}/g, (_, name) => show(values[name]));
}

/** @param {string | number | null | undefined} value */
function show(value) {
  return typeof value === 'number' ? value.toLocaleString(language) : String(value ?? '');
}
