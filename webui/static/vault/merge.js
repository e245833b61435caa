/**
 * Takes the server's word for items into the shelf: after a request that
 * changed some, and after a sync. Only what is really new is decrypted.
 */
import { eachInSlices } from './breath.js';
import { openSummary, openTexts, partsOf, readerOf } from './cipher.js';

/**
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('./shelf.js').Shelf} Shelf
 * @typedef {import('./shelf.js').Entry} Entry
 * @typedef {import('./types.js').RawCipher} RawCipher
 */

/** What may change without the content changing. */
const MARKS = new Set([
  'revisionDate',
  'favorite',
  'folderId',
  'deletedDate',
  'archivedDate',
  'edit',
  'permissions',
]);

/** Whether two versions of a cipher differ in nothing but marks. @param {RawCipher} a @param {RawCipher} b */
export function sameContent(a, b) {
  const content = (/** @type {string} */ name, /** @type {unknown} */ value) =>
    MARKS.has(name) ? undefined : value;
  return JSON.stringify(a, content) === JSON.stringify(b, content);
}

/**
 * Takes one cipher in as an entry's confirmed state.
 * @param {Shelf} shelf @param {Entry} entry @param {RawCipher} raw @param {SymmetricKey} key
 */
export async function absorb(shelf, entry, raw, key) {
  if (entry.raw && entry.base && sameContent(entry.raw, raw)) {
    entry.kin.add(entry.base.revision);
    shelf.confirm(entry, { ...entry.base, ...partsOf(raw), raw, pending: false });
    return;
  }
  entry.kin.clear();
  const reader = await readerOf(raw, key);
  const base = await openSummary(raw, reader);
  const texts = await openTexts(raw, reader);
  shelf.confirm(entry, base);
  shelf.learn(entry, texts);
}

/**
 * Takes all ciphers of a sync in: what is new, what changed, what is gone. An
 * item whose save is under way goes on being shown as it will be.
 * @param {Shelf} shelf @param {RawCipher[]} raws @param {SymmetricKey} key
 */
export async function merge(shelf, raws, key) {
  const ids = new Set(raws.map((raw) => String(raw.id)));
  for (const entry of [...shelf.all()]) {
    if (entry.base !== null && !ids.has(entry.id)) shelf.drop(entry.id);
  }
  const news = raws.filter((raw) => isNew(shelf.get(String(raw.id)), raw));
  await eachInSlices(news, async (raw) => {
    const entry = shelf.get(String(raw.id));
    if (entry === undefined) {
      const reader = await readerOf(raw, key);
      const made = shelf.put(await openSummary(raw, reader), reader);
      shelf.learn(made, await openTexts(raw, reader));
      return;
    }
    const { shown, base } = entry;
    await absorb(shelf, entry, raw, key);
    if (shown !== base) shelf.show(entry, shown);
  });
}

/** @param {Entry|undefined} entry @param {RawCipher} raw */
function isNew(entry, raw) {
  if (!entry?.raw || entry.stale) return true;
  const now = partsOf(raw);
  const had = partsOf(entry.raw);
  return /** @type {(keyof typeof now)[]} */ (Object.keys(now)).some((name) => now[name] !== had[name]);
}
