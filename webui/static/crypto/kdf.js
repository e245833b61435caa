/**
 * From the master password to the keys: master key, the hash that the server
 * may know, and the stretched key that wraps the user key. Pure: bytes and
 * strings in, bytes out. The house's floors stand here, too.
 */
import { toBase64, utf8, wipe } from './bytes.js';
import { importKey } from './enc-string.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {import('../vault/types.js').Kdf} Kdf
 * @typedef {(password:Bytes, salt:Bytes, kdf:Kdf) => Promise<Bytes>} Argon2 32 bytes of Argon2id, version 0x13
 */

/** What new accounts get: what phones can bear. @type {Readonly<Kdf>} */
export const HOUSE_KDF = Object.freeze({ type: 1, iterations: 6, memory: 32, parallelism: 4 });

export const PBKDF2 = 0;
export const ARGON2ID = 1;

/** The least that is obeyed (OWASP's 2023 figures); the server stores nothing less. */
export const FLOORS = Object.freeze({
  pbkdf2: Object.freeze({ iterations: 600_000 }),
  argon2id: Object.freeze({ iterations: 2, memory: 19, parallelism: 1 }),
});

/**
 * The most that is obeyed, so that a hostile answer can't hang the page: what
 * the settings of official clients can reach.
 */
export const CEILINGS = Object.freeze({
  pbkdf2: Object.freeze({ iterations: 2_000_000 }),
  argon2id: Object.freeze({ iterations: 10, memory: 1024, parallelism: 16 }),
});

/** The wire's normal form of an e-mail address, which is the salt. @param {string} email */
export function normalEmail(email) {
  return email.trim().toLowerCase();
}

/**
 * Reads the settings that prelogin or a token names, in either of their forms.
 * @param {any} body @returns {Kdf} with NaN where a number is missing, which isAcceptable refuses
 */
export function kdfOf(body) {
  const nested = body?.kdfSettings ?? body?.kdf ?? {};
  const from = typeof nested === 'object' ? nested : {};
  const type = from.kdfType ?? from.type ?? body?.kdf;
  const argon = type === ARGON2ID;
  return {
    type,
    iterations: whole(from.iterations ?? body?.kdfIterations),
    memory: argon ? whole(from.memory ?? body?.kdfMemory) : null,
    parallelism: argon ? whole(from.parallelism ?? body?.kdfParallelism) : null,
  };
}

/** @param {unknown} value */
function whole(value) {
  return Number.isInteger(value) ? /** @type {number} */ (value) : NaN;
}

/** Whether settings lie between floor and ceiling. @param {Kdf} kdf */
export function isAcceptable(kdf) {
  const within = (/** @type {number|null} */ n, /** @type {number} */ low, /** @type {number} */ high) =>
    n !== null && n >= low && n <= high;
  if (kdf.type === PBKDF2) {
    return within(kdf.iterations, FLOORS.pbkdf2.iterations, CEILINGS.pbkdf2.iterations);
  }
  const [low, high] = [FLOORS.argon2id, CEILINGS.argon2id];
  return (
    kdf.type === ARGON2ID &&
    within(kdf.iterations, low.iterations, high.iterations) &&
    within(kdf.memory, low.memory, high.memory) &&
    within(kdf.parallelism, low.parallelism, high.parallelism)
  );
}

/**
 * Whether now is weaker than before, or can't be compared with it: another
 * algorithm, or any number lower. @param {Kdf} before @param {Kdf} now
 */
export function isLower(before, now) {
  const lower = (/** @type {number|null} */ a, /** @type {number|null} */ b) => (b ?? 0) < (a ?? 0);
  return (
    before.type !== now.type ||
    lower(before.iterations, now.iterations) ||
    lower(before.memory, now.memory) ||
    lower(before.parallelism, now.parallelism)
  );
}

/** Settings in one line, for a person. @param {Kdf} kdf */
export function describeKdf(kdf) {
  if (kdf.type === PBKDF2) return `PBKDF2, ${kdf.iterations} rounds`;
  if (kdf.type !== ARGON2ID) return `method ${kdf.type}`;
  return `Argon2id, ${kdf.iterations} passes, ${kdf.memory} MiB, ${kdf.parallelism} lanes`;
}

/**
 * Derives the 32-byte master key. PBKDF2 is salted with the salt itself,
 * Argon2id with its SHA-256, because Argon2 wants at least 8 bytes of salt.
 * @param {string} password @param {string} salt @param {Kdf} kdf @param {Argon2} argon2
 * @returns {Promise<Bytes>}
 */
export async function masterKey(password, salt, kdf, argon2) {
  const secret = utf8(password);
  try {
    if (kdf.type === PBKDF2) return await pbkdf2(secret, utf8(salt), kdf.iterations);
    const hashed = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(salt)));
    return await argon2(secret, hashed, kdf);
  } finally {
    wipe(secret);
  }
}

/**
 * What the server gets in place of the password (masterPasswordHash).
 * @param {Bytes} master @param {string} password @returns {Promise<string>} base64
 */
export async function serverHash(master, password) {
  return toBase64(await pbkdf2(master, utf8(password), 1));
}

/**
 * Two rounds instead of one: lets a client check a password without the server.
 * @param {Bytes} master @param {string} password @returns {Promise<string>} base64
 */
export async function localHash(master, password) {
  return toBase64(await pbkdf2(master, utf8(password), 2));
}

/**
 * The key that wraps the user key: HKDF-Expand (RFC 5869, 2.3) of the master
 * key, twice. Without the Extract step, as the wire wants it; the master key
 * is uniform already.
 * @param {Bytes} master @returns {Promise<Bytes>} 64 bytes
 */
export async function stretch(master) {
  const prk = await crypto.subtle.importKey('raw', master, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
  const key = new Uint8Array(64);
  key.set(await expandBlock(prk, 'enc'), 0);
  key.set(await expandBlock(prk, 'mac'), 32);
  return key;
}

/** stretch, as a key to open with. @param {Bytes} master */
export async function stretchedKey(master) {
  const raw = await stretch(master);
  const key = await importKey(raw);
  wipe(raw);
  return key;
}

/** T(1) of HKDF-Expand, which is all of it for 32 bytes. @param {CryptoKey} prk @param {string} info */
async function expandBlock(prk, info) {
  const counted = utf8(`${info}\u0001`);
  return new Uint8Array(await crypto.subtle.sign('HMAC', prk, counted));
}

/** @param {Bytes} secret @param {Bytes} salt @param {number} iterations @returns {Promise<Bytes>} 32 bytes */
async function pbkdf2(secret, salt, iterations) {
  const key = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}
