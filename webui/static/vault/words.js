/**
 * The EFF's long word list (7,776 words), fetched when it is first needed: for
 * passphrases and for judging a password. It is not part of the first page.
 */
import { asset } from '../net/api.js';
import { Problem } from './problem.js';

/** @type {Promise<readonly string[]>|null} */
let loading = null;

/** @returns {Promise<readonly string[]>} throws Problem words.missing */
export function words() {
  loading ??= load(asset).catch((error) => {
    loading = null; // another try may reach it
    throw error;
  });
  return loading;
}

/**
 * @param {(url:URL) => Promise<any>} fetchJson @returns {Promise<readonly string[]>}
 */
export async function load(fetchJson) {
  try {
    const list = await fetchJson(new URL('../vendor/wordlist.json', import.meta.url));
    if (Array.isArray(list) && list.length === 7776) return Object.freeze(list.map(String));
  } catch (cause) {
    throw new Problem('words.missing', {}, cause);
  }
  throw new Problem('words.missing');
}

/** The list as a set, for judging passwords. @returns {Promise<ReadonlySet<string>>} throws Problem words.missing */
export async function wordSet() {
  return new Set(await words());
}
