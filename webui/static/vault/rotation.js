/**
 * A new user key for all that lay under the old one: items, folders, the
 * account's private key, the passkeys that open the vault. Pure: sealed in,
 * sealed out; it asks nobody. What does not open stops it, so that nothing is
 * ever left behind under a key that is gone.
 */
import { wipe } from '../crypto/bytes.js';
import { open, openText, seal, SealError } from '../crypto/enc-string.js';
import { rewrapUnlock } from '../crypto/passkey-keys.js';
import { eachInSlices } from './breath.js';
import { keyOf } from './cipher.js';
import { Problem } from './problem.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('./types.js').RawCipher} RawCipher
 */

/**
 * The old key and the new one.
 * @typedef {object} Keys
 * @property {SymmetricKey} old
 * @property {SymmetricKey} next
 * @property {Bytes} raw the next one's 64 bytes; not wiped here
 * @property {string} id the next one's identifier
 */

/** What the server says of an item and does not want to hear back. */
const ITS_OWN = new Set([
  'object',
  'organizationUseTotp',
  'edit',
  'viewPassword',
  'permissions',
  'revisionDate',
  'creationDate',
  'deletedDate',
  'collectionIds',
  'attachments',
  'attachments2',
]);

/**
 * Takes everything over. @param {Keys} keys
 * @param {{ciphers:RawCipher[], folders:RawCipher[], sends?:unknown[]}} sync
 * @param {{privateKey:unknown, passkeys:{id:string, name:string, encryptedPublicKey:string|null}[]}} account
 * @param {(done:number) => void} [onDone] 0..1
 * @returns {Promise<{ciphers:RawCipher[], folders:{id:string, name:string}[], privateKey:string, passkeys:object[]}>}
 *   throws Problem rotation.item, .unnamed, .attachment, .folder, .pair, .passkey, .send
 */
export async function rewrapAll(keys, { ciphers, folders, sends }, { privateKey, passkeys }, onDone) {
  if (sends?.length) throw new Problem('rotation.send');
  const opens = passkeys.filter(({ encryptedPublicKey }) => encryptedPublicKey);
  const small = {
    privateKey: await resealed(privateKey, keys).catch(stop('rotation.pair')),
    folders: await Promise.all(folders.map((folder) => rewrapFolder(folder, keys))),
    passkeys: await Promise.all(opens.map((passkey) => rewrapPasskey(passkey, keys))),
  };
  /** @type {RawCipher[]} */
  const done = [];
  const work = async (/** @type {RawCipher} */ raw, /** @type {number} */ i) => {
    done[i] = await rewrapCipher(raw, keys);
  };
  await eachInSlices(ciphers, work, { onDone });
  return { ...small, ciphers: done };
}

/**
 * One item as the server takes it. Where it has a key of its own, only that one
 * is sealed anew; otherwise everything in it that is sealed, under whatever name.
 * @param {RawCipher} raw @param {Keys} keys @returns {Promise<RawCipher>} throws Problem
 */
export async function rewrapCipher(raw, keys) {
  try {
    return await rewrapBody(raw, keys);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    const name = await nameOf(raw, keys.old);
    throw new Problem(name === '' ? 'rotation.unnamed' : 'rotation.item', { name }, error);
  }
}

/** @param {RawCipher} raw @param {Keys} keys */
async function rewrapBody(raw, keys) {
  const names = Object.keys(raw).filter((name) => !ITS_OWN.has(name));
  const body = Object.fromEntries(names.map((name) => [name, raw[name]]));
  body.lastKnownRevisionDate = raw.revisionDate;
  if (typeof raw.encryptedByKeyId === 'string') body.encryptedByKeyId = keys.id;
  if (raw.key) return { ...body, key: await rewrapItemKey(raw.key, keys) };
  if (raw.attachments?.length) {
    throw new Problem('rotation.attachment', { name: await nameOf(raw, keys.old) });
  }
  const anew = await rewrapValue(body, keys);
  if (raw.data) anew.data = await resealed(raw.data, keys); // sealed as a whole, or not known here
  return anew;
}

/** @param {unknown} sealed @param {Keys} keys */
async function rewrapItemKey(sealed, { old, next }) {
  const key = await open(sealed, old);
  try {
    if (key.length !== 64) throw new SealError('shape');
    return await seal(key, next);
  } finally {
    wipe(key);
  }
}

/**
 * Any value of an item: sealed texts anew, everything else as it is.
 * @param {any} value @param {Keys} keys @returns {Promise<any>}
 */
async function rewrapValue(value, keys) {
  if (typeof value === 'string') return looksSealed(value) ? resealed(value, keys) : value;
  if (Array.isArray(value)) return Promise.all(value.map((one) => rewrapValue(one, keys)));
  if (value === null || typeof value !== 'object') return value;
  const pairs = Object.entries(value).map(async ([name, one]) => [name, await rewrapValue(one, keys)]);
  return Object.fromEntries(await Promise.all(pairs));
}

/**
 * Whether a text is sealed, or was and is damaged: a type and what follows it,
 * or the old form without one. Dates, ids and decimal numbers are not.
 * @param {string} text
 */
function looksSealed(text) {
  if (/^\d+\.\d+$/.test(text)) return false;
  return /^\d{1,2}\.[^\s.]+$/.test(text) || /^[A-Za-z0-9+/=]+\|[A-Za-z0-9+/=]+$/.test(text);
}

/** @param {unknown} sealed @param {Keys} keys @returns {Promise<string>} throws SealError */
async function resealed(sealed, { old, next }) {
  const plain = await open(sealed, old);
  try {
    return await seal(plain, next);
  } finally {
    wipe(plain);
  }
}

/** @param {RawCipher} folder @param {Keys} keys */
async function rewrapFolder({ id, name }, keys) {
  return { id: String(id), name: await resealed(name, keys).catch(stop('rotation.folder')) };
}

/** @param {{id:string, name:string, encryptedPublicKey:string|null}} passkey @param {Keys} keys */
async function rewrapPasskey({ id, name, encryptedPublicKey }, { old, next, raw }) {
  const unlock = rewrapUnlock(String(encryptedPublicKey), old, raw, next);
  return { id, ...(await unlock.catch(stop('rotation.passkey', { name }))) };
}

/** @param {string} code @param {Record<string,string>} [values] @returns {(error:unknown) => never} */
function stop(code, values = {}) {
  return (error) => {
    throw new Problem(code, values, error);
  };
}

/** @param {RawCipher} raw @param {SymmetricKey} userKey @returns {Promise<string>} '' where it doesn't open */
async function nameOf(raw, userKey) {
  try {
    return await openText(raw.name, await keyOf(raw, userKey));
  } catch {
    return '';
  }
}
