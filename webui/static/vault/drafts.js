/**
 * Edits that are not saved yet. Each is sealed under the user key before it is
 * put away, so that it survives a lock and a reload and tells nobody anything.
 */
import { openText, sealText } from '../crypto/enc-string.js';
import { Problem } from './problem.js';

/** @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey */
/** @typedef {import('./remember.js').Box & {readonly length:number, key(index:number):string|null}} Shelf */

const PREFIX = 'latchkey.draft.';

/** The drafts of the person who is signed in. */
export class Drafts {
  /** @type {SymmetricKey|null} */
  #key = null;
  #owner = '';
  #shelf;

  /** @param {Shelf} shelf sessionStorage */
  constructor(shelf) {
    this.#shelf = shelf;
  }

  /** @param {string} owner the person's id @param {SymmetricKey} key */
  open(owner, key) {
    this.#owner = owner;
    this.#key = key;
  }

  /** Forgets the key; what is sealed stays. */
  lock() {
    this.#key = null;
  }

  /** Drops every draft of this person. */
  clear() {
    for (const name of this.#mine()) this.#shelf.removeItem(name);
  }

  /** Seals every draft of this person under another user key. @param {SymmetricKey} old @param {SymmetricKey} next */
  async reseal(old, next) {
    if (this.#key !== null) this.#key = next;
    for (const name of this.#mine()) {
      const text = await openText(this.#shelf.getItem(name), old).catch(() => null); // of a key that is gone
      if (text !== null) this.#shelf.setItem(name, await sealText(text, next));
    }
  }

  /** @param {string} key @returns {Promise<any>} null where there is none */
  async get(key) {
    const sealed = this.#shelf.getItem(this.#name(key));
    if (sealed === null) return null;
    try {
      return JSON.parse(await openText(sealed, this.#userKey()));
    } catch (error) {
      if (error instanceof Problem) throw error;
      return null; // sealed under a key that is gone
    }
  }

  /** @param {string} key @param {unknown} value */
  async set(key, value) {
    const sealed = await sealText(JSON.stringify(value), this.#userKey());
    this.#shelf.setItem(this.#name(key), sealed);
  }

  /** @param {string} key */
  async drop(key) {
    this.#shelf.removeItem(this.#name(key));
  }

  #mine() {
    const names = Array.from({ length: this.#shelf.length }, (_, i) => this.#shelf.key(i) ?? '');
    return names.filter((name) => name.startsWith(this.#name('')));
  }

  #userKey() {
    if (this.#key === null) throw new Problem('locked');
    return this.#key;
  }

  /** @param {string} key */
  #name(key) {
    return `${PREFIX}${this.#owner}.${key}`;
  }
}

/** This tab's shelf; a browser may refuse it. @returns {Shelf} */
export function openShelf() {
  try {
    return sessionStorage;
  } catch {
    return memoryShelf();
  }
}

/** A shelf in memory, where the browser has none. @returns {Shelf} */
export function memoryShelf() {
  /** @type {Map<string,string>} */
  const map = new Map();
  return {
    get length() {
      return map.size;
    },
    key: (index) => [...map.keys()][index] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  };
}
