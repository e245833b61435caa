// sentences: turns a key and values into a sentence; never HTML. The sentences
// of shell and vault (en.js) are here from the start; those of the wizard and
// the settings (en-first.js) come with text.js, which only their views load.
import en from './en.js';

/** @typedef {Record<string, string | number | null | undefined>} Values */

/** @type {Record<string, string>} */
const sentences = { ...en };

const language = 'en';
const rules = new Intl.PluralRules(language);

/**
 * Takes more sentences in.
 * @param {Readonly<Record<string, string>>} more
 */
export function learn(more) {
  Object.assign(sentences, more);
}

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
