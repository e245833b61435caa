/**
 * What this browser remembers between visits: the e-mail address, the KDF
 * settings last seen, who it is (its device id, the token by which the house
 * knows it again, and what spares it the second factor), preferences. Never a
 * key, a session, a password or an item; a name outside of the list throws.
 */
import { fromBase64Url, random, toBase64Url, toHex, utf8 } from '../crypto/bytes.js';

/** @typedef {import('./types.js').Kdf} Kdf */
/** The part of Storage that is used. @typedef {{getItem(key:string):string|null, setItem(key:string, value:string):void, removeItem(key:string):void}} Box */

const PREFIX = 'latchkey.';
const NAMES = /^(email|device|device-token|passkey|lock|generator|theme|view|(kdf|second)\.[0-9a-f]{32})$/;

/** A few small values of this device. */
export class Remember {
  /** Stands in where the browser keeps nothing (private windows). @type {Map<string,string>} */
  #here = new Map();
  #box;

  /** @param {Box|null} box localStorage, or null to remember nothing */
  constructor(box) {
    this.#box = box;
  }

  /** What this browser remembers; a browser may refuse. */
  static open() {
    try {
      return new Remember(localStorage);
    } catch {
      return new Remember(null);
    }
  }

  /** @param {string} name @returns {any} undefined where nothing is remembered */
  get(name) {
    const text = this.#read(this.#key(name));
    if (text === null) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  /** @param {string} name @param {unknown} value undefined forgets */
  set(name, value) {
    const key = this.#key(name);
    this.#here.delete(key);
    try {
      if (value === undefined) this.#box?.removeItem(key);
      else if (this.#box) this.#box.setItem(key, JSON.stringify(value));
    } catch {
      this.#box = null;
    }
    if (!this.#box && value !== undefined) this.#here.set(key, JSON.stringify(value));
  }

  /** This browser's identifier, made at first use. @returns {string} a UUID */
  get device() {
    let id = this.get('device');
    if (typeof id !== 'string' || !/^[0-9a-f-]{36}$/.test(id)) {
      id = crypto.randomUUID();
      this.set('device', id);
    }
    return id;
  }

  /**
   * By which the house knows this browser again, and lets it sign in while others
   * guess. It proves nothing else. @returns {string} 32 bytes in base64url
   */
  get deviceToken() {
    let token = this.get('device-token');
    if (fromBase64Url(token)?.length !== 32) {
      token = toBase64Url(random(32));
      this.set('device-token', token);
    }
    return token;
  }

  /** The settings last seen for an address. @param {string} email @returns {Promise<Kdf|undefined>} */
  async kdf(email) {
    const kdf = this.get(await nameFor('kdf', email));
    return kdf && Number.isInteger(kdf.iterations) ? kdf : undefined;
  }

  /** @param {string} email @param {Kdf} kdf */
  async setKdf(email, kdf) {
    this.set(await nameFor('kdf', email), kdf);
  }

  /**
   * What spares an address the second factor in this browser for a month; the
   * master password it does not spare. @param {string} email @returns {Promise<string>} '' for nothing
   */
  async second(email) {
    return String(this.get(await nameFor('second', email)) ?? '');
  }

  /** @param {string} email @param {string} token '' forgets */
  async setSecond(email, token) {
    this.set(await nameFor('second', email), token || undefined);
  }

  /** @param {string} name */
  #key(name) {
    if (!NAMES.test(name)) throw new Error(`remember: ${name} is not on the list`);
    return PREFIX + name;
  }

  /** @param {string} key */
  #read(key) {
    try {
      return this.#here.get(key) ?? this.#box?.getItem(key) ?? null;
    } catch {
      return null;
    }
  }
}

/**
 * Several people may use this browser; only the last one's address stands in clear.
 * @param {'kdf'|'second'} kind @param {string} email
 */
async function nameFor(kind, email) {
  const digest = await crypto.subtle.digest('SHA-256', utf8(`latchkey ${kind} ${email}`));
  return `${kind}.${toHex(new Uint8Array(digest).subarray(0, 16))}`;
}
