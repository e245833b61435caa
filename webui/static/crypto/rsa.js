/**
 * The account's RSA-2048 pair: made here, its private half sealed under the
 * user key before it leaves. Opens type-4 EncStrings (RSA-OAEP with SHA-1, the
 * wire's choice; OAEP does not need SHA-1 to resist collisions).
 */
import { fromBase64, toBase64, wipe } from './bytes.js';
import { open, seal, SealError } from './enc-string.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {import('./enc-string.js').SymmetricKey} SymmetricKey
 */

const OAEP = { name: 'RSA-OAEP', hash: 'SHA-1' };
const PAIR = { ...OAEP, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };

/**
 * Makes a pair. @param {SymmetricKey} userKey
 * @returns {Promise<{publicKey:string, wrappedPrivateKey:string}>} base64 of the SPKI, EncString of the PKCS #8
 */
export async function makePair(userKey) {
  const pair = await crypto.subtle.generateKey(PAIR, true, ['encrypt', 'decrypt']);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
  const wrappedPrivateKey = await seal(pkcs8, userKey);
  wipe(pkcs8);
  return { publicKey: toBase64(spki), wrappedPrivateKey };
}

/**
 * Opens the private key. @param {string} wrapped @param {SymmetricKey} userKey
 * @returns {Promise<CryptoKey>} not extractable
 */
export async function openPrivateKey(wrapped, userKey) {
  const pkcs8 = await open(wrapped, userKey);
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, OAEP, false, ['decrypt']);
  wipe(pkcs8);
  return key;
}

/**
 * Opens a type-4 EncString. @param {unknown} text @param {CryptoKey} privateKey
 * @returns {Promise<Bytes>} throws SealError
 */
export async function openFor(text, privateKey) {
  const data = typeof text === 'string' && text.startsWith('4.') ? fromBase64(text.slice(2)) : null;
  if (data?.length !== 256) throw new SealError('shape');
  try {
    return new Uint8Array(await crypto.subtle.decrypt(OAEP, privateKey, data));
  } catch {
    throw new SealError('mac');
  }
}

/**
 * Seals bytes for the holder of a public key (type 4).
 * @param {Bytes} plain @param {string} publicKey base64 of the SPKI @returns {Promise<string>}
 */
export async function sealFor(plain, publicKey) {
  const spki = fromBase64(publicKey);
  if (spki === null) throw new SealError('shape');
  const key = await crypto.subtle.importKey('spki', spki, OAEP, false, ['encrypt']);
  return `4.${toBase64(new Uint8Array(await crypto.subtle.encrypt(OAEP, key, plain)))}`;
}
