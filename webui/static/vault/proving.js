/**
 * Proves to the house who sits here, by the master password or a passkey; and,
 * where a passkey is to be given its unlock, seals the user key for it at that
 * very moment, the only one at which the key's bytes are at hand.
 */
import { wipe } from '../crypto/bytes.js';
import { importKey } from '../crypto/enc-string.js';
import { beginUnlock, prfSalt } from '../crypto/passkey-keys.js';
import { ask } from './authenticator.js';
import { userKeyOf } from './passkey-door.js';
import { canAsk, worksHere } from './webauthn.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('../crypto/passkey-keys.js').HalfUnlock} HalfUnlock
 * @typedef {import('./session.js').Session} Session
 * @typedef {{options:any, token:string}} Challenge
 */

/**
 * A question to this person's passkeys. @param {Session} session
 * @param {boolean} half only to one that opens the vault
 * @returns {Promise<Challenge|null>} null where they have none that works here
 */
export async function challenge(session, half) {
  if (!canAsk() || (half && !session.passkeys.some(worksHere))) return null;
  return session.api.post('/latchkey/proof/options').catch(() => null); // the password is always there
}

/**
 * @param {Session} session @param {string} password @param {boolean} half whether an unlock is to be made
 * @returns {Promise<HalfUnlock|null>} throws Problem password.wrong; ApiError
 */
export function proveByPassword(session, password, half) {
  return session.lend(password, async ({ hash, userKey }) => {
    await session.proof.give({ masterPasswordHash: hash });
    return half ? sealed(userKey) : null;
  });
}

/**
 * @param {Session} session @param {Challenge} asked @param {boolean} half as above
 * @param {AbortSignal} signal ends the question
 * @returns {Promise<HalfUnlock|null>} throws Problem webauthn.*, passkey.locked; ApiError
 */
export async function proveByPasskey(session, { options, token }, half, signal) {
  const said = await ask(options, { salt: half ? await prfSalt() : null, signal });
  const userKey = half ? await userKeyOf(said, session.passkeys) : null;
  try {
    await session.proof.give({ passkey: { token, deviceResponse: said.answer } });
    return userKey && (await sealed(userKey));
  } finally {
    wipe(userKey);
  }
}

/** @param {Bytes} userKey */
async function sealed(userKey) {
  return beginUnlock(userKey, await importKey(userKey));
}
