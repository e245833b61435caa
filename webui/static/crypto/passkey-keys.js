/**
 * The keys by which a passkey opens the vault: what the authenticator's PRF
 * gives becomes a key, that key seals the private half of a pair of the
 * passkey's own, and the public half seals the user key, so that a new user key
 * can be sealed for the passkey without it. Pure, and it asks no authenticator.
 */
import { toBase64, utf8, wipe } from './bytes.js';
import { open, seal, SealError } from './enc-string.js';
import { stretchedKey } from './kdf.js';
import { openFor, openPrivateKey, sealFor } from './rsa.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {import('./enc-string.js').SymmetricKey} SymmetricKey
 */

/**
 * What the server keeps of a passkey that opens the vault.
 * @typedef {object} Unlock
 * @property {string} encryptedUserKey    type 4: the user key for the pair's public half
 * @property {string} encryptedPublicKey  type 2: the SPKI under the user key, so that nobody swaps it before a rotation
 * @property {string} encryptedPrivateKey type 2: the PKCS #8 under the passkey's key
 */

/** An Unlock whose private half no passkey's key has sealed yet. @typedef {{privateKey:CryptoKey, encryptedUserKey:string, encryptedPublicKey:string}} HalfUnlock */

const PAIR = {
  name: 'RSA-OAEP',
  hash: 'SHA-1',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** What the wire has every authenticator's PRF evaluate. @returns {Promise<Bytes>} 32 bytes */
export async function prfSalt() {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8('passwordless-login')));
}

/**
 * The key of a passkey, stretched as a master key is. The caller wipes output.
 * @param {Bytes} output of the PRF, 32 bytes @returns {Promise<SymmetricKey>} throws SealError shape
 */
export async function passkeyKey(output) {
  if (output.length !== 32) throw new SealError('shape');
  return stretchedKey(output);
}

/**
 * Seals the user key for a new pair. It is needed for no longer: the passkey's
 * own key, for which a person may have to look for their finger, comes after.
 * @param {Bytes} userKey 64 bytes @param {SymmetricKey} key the same, as a key
 * @returns {Promise<HalfUnlock>}
 */
export async function beginUnlock(userKey, key) {
  const pair = await crypto.subtle.generateKey(PAIR, true, ['encrypt', 'decrypt']);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  return {
    privateKey: pair.privateKey,
    encryptedUserKey: await sealFor(userKey, toBase64(spki)),
    encryptedPublicKey: await seal(spki, key),
  };
}

/** @param {HalfUnlock} half @param {SymmetricKey} key of the passkey @returns {Promise<Unlock>} */
export async function endUnlock({ privateKey, encryptedUserKey, encryptedPublicKey }, key) {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey));
  const encryptedPrivateKey = await seal(pkcs8, key);
  wipe(pkcs8);
  return { encryptedUserKey, encryptedPublicKey, encryptedPrivateKey };
}

/**
 * Seals a new user key for a passkey that is away: the public half comes from
 * under the old one, so that nobody can have put another in its place.
 * @param {string} encryptedPublicKey @param {SymmetricKey} old
 * @param {Bytes} userKey the new one, 64 bytes @param {SymmetricKey} key the same, as a key
 * @returns {Promise<Omit<Unlock, 'encryptedPrivateKey'>>} the private half stays; throws SealError
 */
export async function rewrapUnlock(encryptedPublicKey, old, userKey, key) {
  const spki = await open(encryptedPublicKey, old);
  return {
    encryptedUserKey: await sealFor(userKey, toBase64(spki)),
    encryptedPublicKey: await seal(spki, key),
  };
}

/**
 * Opens the user key by a passkey.
 * @param {{encryptedUserKey:unknown, encryptedPrivateKey:string}} unlock @param {SymmetricKey} key of the passkey
 * @returns {Promise<Bytes>} 64 bytes, for the caller to wipe; throws SealError
 */
export async function openUnlock({ encryptedUserKey, encryptedPrivateKey }, key) {
  const privateKey = await openPrivateKey(encryptedPrivateKey, key).catch((error) => {
    if (error instanceof SealError) throw error;
    throw new SealError('shape'); // sealed honestly, and no key: whoever wrote it erred
  });
  const userKey = await openFor(encryptedUserKey, privateKey);
  if (userKey.length === 64) return userKey;
  wipe(userKey);
  throw new SealError('shape');
}
