/**
 * The EncString of the Bitwarden wire, `2.iv|ciphertext|mac`: AES-256-CBC with
 * PKCS #7 padding, and HMAC-SHA256 over iv and ciphertext (encrypt-then-MAC).
 * Type 0, which has no MAC, is refused: whoever can alter it can read it.
 */
import { concat, fromBase64, fromUtf8, random, toBase64, utf8 } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */
/** @typedef {{iv:Bytes, data:Bytes, mac:Bytes}} Sealed */
/** A 64-byte key as the browser's own objects, so that its bytes can't be read back. @typedef {{enc:CryptoKey, mac:CryptoKey}} SymmetricKey */

const IV = 16;
const MAC = 32;
const BLOCK = 16;
/** @type {KeyUsage[]} */
const AES_USES = ['encrypt', 'decrypt'];
/** @type {KeyUsage[]} */
const MAC_USES = ['sign', 'verify'];
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/**
 * Why an EncString was not opened: 'old' (a type without a MAC), 'shape' (not
 * an EncString that we know), 'mac' (altered, or another key), 'text' (not the
 * text that was expected).
 */
export class SealError extends Error {
  /** @param {'old'|'shape'|'mac'|'text'} why */
  constructor(why) {
    super(`opening an EncString: ${why}`);
    this.name = 'SealError';
    this.why = why;
  }
}

/**
 * Takes a 64-byte key (32 to encrypt, 32 to authenticate). The caller wipes raw.
 * @param {Bytes} raw @returns {Promise<SymmetricKey>}
 */
export async function importKey(raw) {
  if (raw.length !== 64) throw new SealError('shape');
  const [enc, mac] = await Promise.all([
    crypto.subtle.importKey('raw', raw.subarray(0, 32), 'AES-CBC', false, AES_USES),
    crypto.subtle.importKey('raw', raw.subarray(32), HMAC, false, MAC_USES),
  ]);
  return { enc, mac };
}

/**
 * Reads the text form of a type-2 EncString.
 * @param {unknown} text @returns {Sealed} throws SealError 'old' or 'shape'
 */
export function parse(text) {
  if (typeof text !== 'string') throw new SealError('shape');
  // Very old clients wrote type 0 without its number.
  if (text.startsWith('0.') || /^[A-Za-z0-9+/=]+\|[A-Za-z0-9+/=]+$/.test(text)) {
    throw new SealError('old');
  }
  if (!text.startsWith('2.')) throw new SealError('shape');
  const parts = text.slice(2).split('|');
  if (parts.length !== 3) throw new SealError('shape');
  const [iv, data, mac] = parts.map(fromBase64);
  if (iv?.length !== IV || mac?.length !== MAC || !data?.length || data.length % BLOCK !== 0) {
    throw new SealError('shape');
  }
  return { iv, data, mac };
}

/**
 * Opens an EncString. The browser compares the MAC in constant time, before
 * anything is decrypted.
 * @param {unknown} text @param {SymmetricKey} key @returns {Promise<Bytes>} throws SealError
 */
export async function open(text, key) {
  const { iv, data, mac } = parse(text);
  const honest = await crypto.subtle.verify('HMAC', key.mac, mac, concat(iv, data));
  if (!honest) throw new SealError('mac');
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key.enc, data));
  } catch {
    // Honest by its MAC and yet badly padded: whoever wrote it had the key and erred.
    throw new SealError('shape');
  }
}

/**
 * Opens an EncString of UTF-8. @param {unknown} text @param {SymmetricKey} key
 * @returns {Promise<string>} throws SealError
 */
export async function openText(text, key) {
  const bytes = await open(text, key);
  try {
    return fromUtf8(bytes);
  } catch {
    throw new SealError('text');
  }
}

/**
 * Seals bytes under a fresh random iv.
 * @param {Bytes} plain @param {SymmetricKey} key @param {Bytes} [iv] only for known answers in tests
 * @returns {Promise<string>}
 */
export async function seal(plain, key, iv = random(IV)) {
  const data = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key.enc, plain));
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key.mac, concat(iv, data)));
  return `2.${toBase64(iv)}|${toBase64(data)}|${toBase64(mac)}`;
}

/** Seals text as UTF-8. @param {string} text @param {SymmetricKey} key @returns {Promise<string>} */
export function sealText(text, key) {
  return seal(utf8(text), key);
}
