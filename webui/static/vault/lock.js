/**
 * What opens the vault: the user key as the master password and the passkeys
 * hold it, in the server's words. It judges those words and opens keys with
 * them; it derives nothing and keeps nothing.
 */
import { fromBase64Url, fromUtf8 } from '../crypto/bytes.js';
import { open, SealError } from '../crypto/enc-string.js';
import { describeKdf, isAcceptable, isLower, kdfOf } from '../crypto/kdf.js';
import { Problem } from './problem.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('./types.js').Kdf} Kdf
 */

/**
 * A passkey that opens the vault.
 * @typedef {object} PasskeyLock
 * @property {string} encryptedPrivateKey
 * @property {string} encryptedUserKey
 * @property {string} credentialId base64url
 * @property {string[]} [transports]
 * @property {string} rpId the name under which it works
 */

/** @typedef {{salt:string, kdf:Kdf, wrapped:string, passkeys:PasskeyLock[]}} Lock */

/** The user key under the master password. @param {any} answer of the token endpoint @returns {string} */
export function wrappedOf(answer) {
  const unlock = answer?.UserDecryptionOptions?.MasterPasswordUnlock;
  return unlock?.MasterKeyWrappedUserKey ?? unlock?.MasterKeyEncryptedUserKey ?? answer?.Key;
}

/**
 * How the master password derives, told with a sign-in that needed none.
 * @param {any} answer of the token endpoint @returns {{salt:string, kdf:Kdf}}
 */
export function derivationOf(answer) {
  const { Salt = '', Kdf: kdf = {} } = answer?.UserDecryptionOptions?.MasterPasswordUnlock ?? {};
  const { KdfType: type, Iterations: iterations, Memory: memory, Parallelism: parallelism } = kdf;
  return { salt: String(Salt), kdf: kdfOf({ kdf: { type, iterations, memory, parallelism } }) };
}

/** Whose session a token is. @param {any} answer of the token endpoint @returns {string} e-mail address */
export function emailOf(answer) {
  const claims = fromBase64Url(String(answer?.access_token).split('.')[1]);
  return String((claims && JSON.parse(fromUtf8(claims))).email);
}

/**
 * What a sync tells of the lock now; the old one where nothing changed. Changed on
 * another device, the next unlock takes the new password; its KDF is obeyed by
 * the same rules as at sign-in.
 * @param {Lock} lock @param {any} told userDecryption of a sync @returns {Lock}
 */
export function newer(lock, told) {
  const passkeys = Array.isArray(told?.webAuthnPrfOptions) ? told.webAuthnPrfOptions : [];
  const unlock = told?.masterPasswordUnlock;
  const wrapped = unlock?.masterKeyWrappedUserKey ?? unlock?.masterKeyEncryptedUserKey;
  if (typeof wrapped !== 'string' || wrapped === lock.wrapped) return { ...lock, passkeys };
  const kdf = kdfOf(unlock);
  if (!isAcceptable(kdf) || isLower(lock.kdf, kdf)) return { ...lock, passkeys };
  return { salt: String(unlock.salt ?? lock.salt), kdf, wrapped, passkeys };
}

/**
 * Whether settings may be obeyed. @param {Kdf} kdf @param {Kdf|undefined} before last seen here
 * @param {boolean} accepted the person says that they changed them
 * @returns {void} throws Problem kdf.weak, kdf.changed
 */
export function wantObeyable(kdf, before, accepted) {
  if (!isAcceptable(kdf)) throw new Problem('kdf.weak', { kdf: describeKdf(kdf) });
  if (before && isLower(before, kdf) && !accepted) {
    throw new Problem('kdf.changed', { before: describeKdf(before), now: describeKdf(kdf) });
  }
}

/**
 * @param {SymmetricKey} stretched @param {string} wrapped @param {string} code of the Problem where it does not open
 * @returns {Promise<Bytes>} 64 bytes, for the caller to wipe; throws Problem enc.old or code
 */
export async function openUserKey(stretched, wrapped, code) {
  try {
    const key = await open(wrapped, stretched);
    if (key.length !== 64) throw new SealError('shape');
    return key;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new Problem(error.why === 'old' ? 'enc.old' : code, {}, error);
  }
}
