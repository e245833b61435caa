/**
 * The bodies by which an account's keys and its password reach the server:
 * registration, a new password, a new KDF. The server gets hashes and sealed
 * keys, nothing that opens them.
 */
import { random, wipe } from '../crypto/bytes.js';
import { importKey, seal } from '../crypto/enc-string.js';
import { serverHash, stretchedKey } from '../crypto/kdf.js';
import { keyId } from '../crypto/key-id.js';
import { makePair } from '../crypto/rsa.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('./types.js').Kdf} Kdf
 * @typedef {{password:string, salt:string, kdf:Kdf, master:Bytes}} Secret a password with what was derived from it
 */

/** A KDF as newer bodies nest it. @param {Kdf} kdf */
export function nested({ type, iterations, memory, parallelism }) {
  return { kdfType: type, iterations, memory, parallelism };
}

/**
 * A new account: its user key and RSA pair, sealed. The dialect of the clients
 * of 2026, the older flat fields beside the nested ones.
 * @param {{email:string, name:string, token?:string}} who @param {Secret} secret
 * @returns {Promise<Record<string, unknown>>} the body of register/finish
 */
export async function registration({ email, name, token }, secret) {
  const userKey = random(64);
  const key = await importKey(userKey);
  const [pair, wrapped] = await Promise.all([makePair(key), wrap(userKey, secret)]);
  wipe(userKey);
  const { kdf } = secret;
  return {
    email,
    name,
    ...(token && { emailVerificationToken: token }),
    masterPasswordHash: wrapped.authentication.masterPasswordAuthenticationHash,
    masterPasswordHint: null,
    userSymmetricKey: wrapped.unlock.masterKeyWrappedUserKey,
    userAsymmetricKeys: { publicKey: pair.publicKey, encryptedPrivateKey: pair.wrappedPrivateKey },
    kdf: kdf.type,
    kdfIterations: kdf.iterations,
    kdfMemory: kdf.memory,
    kdfParallelism: kdf.parallelism,
    masterPasswordAuthentication: wrapped.authentication,
    masterPasswordUnlock: wrapped.unlock,
  };
}

/**
 * The two halves of every body that sets a master password.
 * @param {Bytes} userKey 64 bytes @param {Secret} secret
 */
export async function wrap(userKey, { password, salt, kdf, master }) {
  const stretched = await stretchedKey(master);
  return {
    authentication: {
      kdf: nested(kdf),
      salt,
      masterPasswordAuthenticationHash: await serverHash(master, password),
    },
    unlock: {
      kdf: nested(kdf),
      salt,
      masterKeyWrappedUserKey: await seal(userKey, stretched),
      containedKeyId: await keyId(userKey),
    },
  };
}

/**
 * The body of a new password or a new KDF, in the older and the newer form.
 * @param {string} currentHash proof of the present password
 * @param {Awaited<ReturnType<typeof wrap>>} wrapped
 */
export function change(currentHash, { authentication, unlock }) {
  return {
    masterPasswordHash: currentHash,
    masterPasswordHint: null,
    newMasterPasswordHash: authentication.masterPasswordAuthenticationHash,
    key: unlock.masterKeyWrappedUserKey,
    kdf: unlock.kdf.kdfType,
    kdfIterations: unlock.kdf.iterations,
    kdfMemory: unlock.kdf.memory,
    kdfParallelism: unlock.kdf.parallelism,
    authenticationData: authentication,
    unlockData: unlock,
  };
}
