/**
 * What was read of the items for the list and the search, sealed under the
 * user key as one piece: opening one piece of ten thousand items takes a
 * moment, opening each of them more than a second. It lives in this tab's
 * memory only, beside the sealed items, and outlives a lock as they do.
 */
import { openText, SealError, sealText } from '../crypto/enc-string.js';

/**
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('./shelf.js').Entry} Entry
 * @typedef {import('./types.js').Uri} Uri
 * @typedef {object} Read what was read of one item, at one revision
 * @property {string} id
 * @property {string} revision
 * @property {string} title     the name as it is
 * @property {string} subtitle
 * @property {Uri[]} uris
 * @property {string} name      folded, as are the next two
 * @property {string} hay
 * @property {string} notes
 */

/**
 * Seals what is known of the entries that are read to the end. One that is
 * broken, or has a save under way, is left out: it is read again.
 * @param {Iterable<Entry>} entries @param {SymmetricKey} key @returns {Promise<string>}
 */
export function remember(entries, key) {
  /** @type {Read[]} */
  const reads = [];
  for (const { id, base, shown, name, hay, notes, reader, stale } of entries) {
    if (base === null || base !== shown || base.broken || reader !== null || stale) continue;
    const { name: title, subtitle, login } = base;
    reads.push({
      id,
      revision: base.raw.revisionDate,
      title,
      subtitle,
      uris: login?.uris ?? [],
      name,
      hay,
      notes,
    });
  }
  return sealText(JSON.stringify(reads), key);
}

/**
 * Opens what was sealed. What can't be opened was not worth remembering: the
 * items themselves are there.
 * @param {string} sealed '' for nothing @param {SymmetricKey} key @returns {Promise<Map<string, Read>>} by id
 */
export async function recall(sealed, key) {
  if (sealed === '') return new Map();
  try {
    /** @type {Read[]} */
    const reads = JSON.parse(await openText(sealed, key));
    return new Map(reads.map((read) => [read.id, read]));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return new Map();
  }
}
