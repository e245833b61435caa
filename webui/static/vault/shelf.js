/**
 * The entries of an open vault in the order of their names: what the server
 * confirmed of each item, what is shown of it meanwhile, and what is searched.
 * It decrypts nothing and asks nobody.
 */
import { fold, haystack } from './search.js';

/**
 * @typedef {import('./types.js').Summary} Summary
 * @typedef {import('./types.js').RawCipher} RawCipher
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {object} Entry
 * @property {string} id
 * @property {RawCipher|null} raw    as the server has it; null until it has
 * @property {Summary|null} base     what the server confirmed; null until it did
 * @property {Summary} shown         base, or what a save under way will make of it
 * @property {string} name           folded, for search and order
 * @property {string} hay            folded texts that are searched, the name among them
 * @property {string} notes          kept only folded, inside hay; '' before they are read
 * @property {Set<string>} kin       earlier revisions with the same content: only place or mark changed since
 * @property {boolean} stale         the server has a newer revision of the same content
 * @property {import('./cipher.js').Reader|null} reader kept until the texts for the search are read
 * @property {import('./types.js').Item|null} saving what a save under way will make of it
 */

/** @param {Summary} shown @param {string} notes already folded @returns {string} */
function hayOf(shown, notes) {
  const uris = shown.login?.uris.map((uri) => uri.uri) ?? [];
  const texts = haystack([shown.name, shown.subtitle, ...uris]);
  return notes === '' ? texts : `${texts}\n${notes}`;
}

/** @param {Summary} shown @returns {Entry} */
function newEntry(shown) {
  return {
    id: shown.id,
    raw: null,
    base: null,
    shown,
    name: '',
    hay: '',
    notes: '',
    kin: new Set(),
    stale: false,
    reader: null,
    saving: null,
  };
}

/** @param {Summary} summary @param {import('./cipher.js').Texts} texts @returns {Summary} */
function withTexts(summary, { subtitle, uris, broken }) {
  const known = { ...summary, subtitle, broken };
  if (summary.login) known.login = { ...summary.login, username: subtitle, uris };
  return known;
}

/** A sorted set of entries. */
export class Shelf {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** @type {Entry[]|null} */
  #sorted = null;
  /** @type {Summary[]|null} */
  #items = null;

  /** @param {string} id */
  get(id) {
    return this.#entries.get(id);
  }

  get size() {
    return this.#entries.size;
  }

  /** All entries, in no order. */
  all() {
    return this.#entries.values();
  }

  /** Entries by name. @returns {readonly Entry[]} */
  get sorted() {
    this.#sorted ??= [...this.#entries.values()].sort(byName);
    return this.#sorted;
  }

  /** What is shown, by name. A new list after each change. @returns {readonly Summary[]} */
  get items() {
    this.#items ??= this.sorted.map((entry) => entry.shown);
    return this.#items;
  }

  /**
   * Puts in an item that the server has. @param {Summary} base
   * @param {import('./cipher.js').Reader|null} reader @returns {Entry}
   */
  put(base, reader) {
    return this.#add({ ...newEntry(base), raw: base.raw, base, reader });
  }

  /**
   * Puts in an item that was read before. @param {Summary} base without its texts
   * @param {import('./remembered.js').Read} read
   */
  restore(base, { subtitle, uris, name, hay, notes }) {
    const shown = withTexts(base, { subtitle, uris, notes, broken: false });
    this.#entries.set(shown.id, { ...newEntry(shown), raw: shown.raw, base: shown, name, hay, notes });
    this.#sorted = null;
    this.#items = null;
  }

  /** Shows an item that the server does not have yet. @param {Summary} shown @returns {Entry} */
  begin(shown) {
    return this.#add(newEntry(shown));
  }

  /** Shows another state of an item for now. @param {Entry} entry @param {Partial<Summary>} change */
  show(entry, change) {
    entry.shown = { ...entry.shown, ...change };
    this.#entries.set(entry.id, entry);
    this.#index(entry);
  }

  /** The server said so: what is shown becomes what is. @param {Entry} entry @param {Summary} base */
  confirm(entry, base) {
    if (entry.id !== base.id) this.#entries.delete(entry.id);
    entry.id = base.id;
    entry.raw = base.raw;
    entry.base = base;
    entry.shown = base;
    entry.stale = false;
    this.#entries.set(entry.id, entry);
    this.#index(entry);
  }

  /** What is here is what another shelf held, sealed anew: edits that began there may end here. @param {Shelf} before */
  succeed(before) {
    for (const entry of this.#entries.values()) {
      const was = before.get(entry.id);
      if (was?.base) entry.kin = new Set([...was.kin, was.base.revision]);
    }
  }

  /** Takes back what was shown; an item that the server never had goes. @param {Entry} entry */
  rollBack(entry) {
    if (entry.base === null) {
      this.drop(entry.id);
      return;
    }
    entry.shown = entry.base;
    this.#entries.set(entry.id, entry);
    this.#index(entry);
  }

  /** The texts beside the name are known. @param {Entry} entry @param {import('./cipher.js').Texts} texts */
  learn(entry, texts) {
    const known = (/** @type {Summary} */ summary) => withTexts(summary, texts);
    const wasBase = entry.shown === entry.base;
    if (entry.base) entry.base = known(entry.base);
    // A save under way shows what was typed.
    if (wasBase && entry.base) entry.shown = entry.base;
    entry.notes = fold(texts.notes);
    entry.reader = null;
    entry.hay = hayOf(entry.shown, entry.notes);
    this.#items = null;
  }

  /** @param {string} id */
  drop(id) {
    this.#entries.delete(id);
    this.#sorted = null;
    this.#items = null;
  }

  /** Forgets everything. */
  clear() {
    this.#entries.clear();
    this.#sorted = null;
    this.#items = null;
  }

  /** @param {Entry} entry */
  #add(entry) {
    this.#entries.set(entry.id, entry);
    this.#index(entry);
    return entry;
  }

  /** @param {Entry} entry */
  #index(entry) {
    entry.name = fold(entry.shown.name);
    entry.hay = hayOf(entry.shown, entry.notes);
    this.#sorted = null;
    this.#items = null;
  }
}

/** @param {Entry} a @param {Entry} b */
function byName(a, b) {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
