/**
 * Gives an account a new user key, with all that lies under it, in one request:
 * the house takes everything or nothing. It loads when a person asks for it.
 */
import { random, wipe } from '../crypto/bytes.js';
import { importKey, seal } from '../crypto/enc-string.js';
import { keyId } from '../crypto/key-id.js';
import { nested } from './account-keys.js';
import { Problem } from './problem.js';
import { rewrapAll } from './rotation.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('./session.js').Lent} Lent
 * @typedef {import('./session.js').Session} Session
 * @typedef {import('./types.js').Progress} Progress
 * @typedef {{items:number, lost:string[], open:boolean}} Rotated lost: the names of passkeys that open the vault no longer;
 *   open: this page goes on; otherwise it has to sign in again
 */

const PATH = '/api/accounts/key-management/rotate-user-account-keys';
/** Ten thousand items are some 10 MB: minutes, on a slow line up. */
const LONG = 600_000; // ms
/** The house is asked after these pauses (ms) whether it did what it did not answer. */
const PAUSES = [500, 2000, 5000];

/**
 * @param {Session} session @param {string} password @param {(now:Progress) => void} tell
 * @param {number[]} [pauses] @returns {Promise<Rotated>} throws Problem password.wrong, rotation.*; ApiError. Where it throws
 *   anything but rotation.unknown, nothing was changed.
 */
export function newKey(session, password, tell, pauses = PAUSES) {
  return session.lend(password, async (lent) => {
    const once = () => attempt(session, lent, tell, pauses);
    return once().catch((error) => {
      if (Object(error).code !== 'rotation.incomplete') throw error;
      return once(); // something was changed elsewhere since the sync
    });
  });
}

/** @param {Session} session @param {Lent} lent @param {(now:Progress) => void} tell @param {number[]} pauses @returns {Promise<Rotated>} */
async function attempt(session, lent, tell, pauses) {
  const { vault } = session;
  /** @type {Rotated|null} */
  let done = null;
  const change = async (/** @type {any} */ sync) => {
    const old = await importKey(lent.userKey);
    const made = await prepare(session, lent, old, sync, tell);
    tell({ part: 'send', done: null });
    const answer = await send(session, made, pauses);
    done = { items: sync.ciphers.length, lost: answer?.lostPasskeys ?? [], open: true };
    session.signOutTabs('expired');
    await session.rewrapped(lent.lock.kdf, made.wrapped);
    await vault.drafts.reseal(old, made.key);
    session.proof.forget();
    return made.key;
  };
  try {
    tell({ part: 'fetch', done: null });
    await vault.rekey(change, (part, share) => tell({ part, done: share }));
  } catch (error) {
    if (done === null) throw error;
    return { .../** @type {Rotated} */ (done), open: leave(session) }; // the house has the new key, this page could not go on
  }
  // Locked meanwhile, by the timer say: what was just opened must not stay open.
  const open = session.state === 'open' || leave(session);
  return { .../** @type {Rotated} */ (/** @type {unknown} */ (done)), open };
}

/** @param {Session} session @returns {false} */
function leave(session) {
  session.expire();
  return false;
}

/**
 * Makes the key and everything under it. @param {Session} session @param {Lent} lent
 * @param {SymmetricKey} old @param {any} sync @param {(now:Progress) => void} tell
 * @returns {Promise<{key:SymmetricKey, wrapped:string, body:object}>} throws Problem rotation.*
 */
async function prepare({ api }, { hash, stretched, lock }, old, sync, tell) {
  tell({ part: 'seal', done: 0 });
  const [pair, passkeys] = await Promise.all([api.get('/api/accounts/keys'), api.get('/api/webauthn')]);
  const raw = random(64);
  try {
    const key = await importKey(raw);
    const [id, wrapped] = await Promise.all([keyId(raw), seal(raw, stretched)]);
    const account = { privateKey: pair?.privateKey, passkeys: passkeys?.data ?? [] };
    const made = await rewrapAll({ old, next: key, raw, id }, sync, account, (done) =>
      tell({ part: 'seal', done }),
    );
    const { kdfType, iterations, memory, parallelism } = nested(lock.kdf);
    const masterPasswordUnlockData = {
      ...{ kdfType, kdfIterations: iterations, kdfMemory: memory, kdfParallelism: parallelism },
      email: lock.salt,
      masterKeyAuthenticationHash: hash,
      masterKeyEncryptedUserKey: wrapped,
    };
    const body = {
      oldMasterKeyAuthenticationHash: hash,
      accountUnlockData: {
        masterPasswordUnlockData,
        emergencyAccessUnlockData: [],
        organizationAccountRecoveryUnlockData: [],
        passkeyUnlockData: made.passkeys,
        deviceKeyUnlockData: [],
      },
      accountKeys: { userKeyEncryptedAccountPrivateKey: made.privateKey, accountPublicKey: pair.publicKey },
      accountData: { ciphers: made.ciphers, folders: made.folders, sends: [] },
      newUserKeyId: id,
    };
    return { key, wrapped, body };
  } finally {
    wipe(raw);
  }
}

/**
 * Sends it all. Where no answer came, the house is asked which key it has.
 * @param {Session} session @param {{wrapped:string, body:object}} made @param {number[]} pauses
 * @returns {Promise<any>} throws ApiError; Problem rotation.unknown, and the page is signed out then
 */
async function send(session, { wrapped, body }, pauses) {
  try {
    return await session.api.post(PATH, body, { timeout: LONG });
  } catch (error) {
    const { offline, status, code } = Object(error);
    if (!offline && code !== 'garbled' && !(status >= 500)) throw error;
    const has = await keyAt(session, wrapped, pauses);
    if (has === 'new') return null;
    if (has === 'old') throw error;
    session.expire(); // it may have been done: going on with the old key would break every item here
    throw new Problem('rotation.unknown', {}, error);
  }
}

/** @param {Session} session @param {string} wrapped the new one @param {number[]} pauses @returns {Promise<'new'|'old'|''>} '' where the house is silent */
async function keyAt({ api }, wrapped, pauses) {
  /** @type {'old'|''} */
  let has = '';
  for (const pause of pauses) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const keys = await api.get('/api/accounts/keys', { unasked: true }).catch(() => null);
    if (keys?.key === wrapped) return 'new';
    has = keys ? 'old' : ''; // it may still be at work: the last word counts
  }
  return has;
}
