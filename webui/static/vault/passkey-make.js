/**
 * Makes passkeys, and gives them their unlock: the half that was sealed when the
 * person proved who they are is ended by what the passkey's PRF gives.
 */
import { wipe } from '../crypto/bytes.js';
import { endUnlock, passkeyKey, prfSalt } from '../crypto/passkey-keys.js';
import { ask, make } from './authenticator.js';
import { Problem } from './problem.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('../crypto/passkey-keys.js').HalfUnlock} HalfUnlock
 * @typedef {import('../crypto/passkey-keys.js').Unlock} Unlock
 * @typedef {import('./session.js').Session} Session
 */

/**
 * What came of it.
 * @typedef {object} Made
 * @property {boolean} asked  an unlock was wanted
 * @property {boolean} opens  it opens the vault
 * @property {((signal:AbortSignal) => Promise<void>)|null} again gives it its unlock, with another use of the passkey
 */

/**
 * @param {Session} session it has a proof
 * @param {{name:string, half:HalfUnlock|null, signal?:AbortSignal}} what half null: it is only to sign in
 * @returns {Promise<Made>} throws Problem webauthn.*; ApiError
 */
export async function makePasskey(session, { name, half, signal }) {
  const { api, proof } = session;
  const { options, token } = await api.post('/api/webauthn/attestation-options', {
    userVerificationToken: proof.token,
  });
  const said = await make(options, { salt: await prfSalt(), signal });
  const unlock = half && said.prf ? await ended(half, said.prf) : null;
  wipe(said.prf);
  await api.post('/api/webauthn', {
    deviceResponse: said.answer,
    token,
    name,
    supportsPrf: said.canPrf,
    ...unlock,
  });
  session.remember.set('passkey', true);
  await session.vault.refresh().catch(() => {}); // for the lock of this page; the next sync brings it, too
  const again =
    half && !unlock && said.canPrf
      ? (/** @type {AbortSignal} */ next) => giveUnlock(session, half, next)
      : null;
  return { asked: half !== null, opens: unlock !== null, again };
}

/**
 * Gives one of the passkeys that are there its unlock; which, the person says by using it.
 * @param {Session} session it has a proof @param {HalfUnlock} half @param {AbortSignal} signal ends the question
 * @returns {Promise<void>} throws Problem webauthn.*, passkey.noprf; ApiError
 */
export async function giveUnlock(session, half, signal) {
  const { api, proof } = session;
  const { options, token } = await api.post('/api/webauthn/assertion-options', {
    userVerificationToken: proof.token,
  });
  const said = await ask(options, { salt: await prfSalt(), signal });
  if (!said.prf) throw new Problem('passkey.noprf');
  const unlock = await ended(half, said.prf);
  await api.put('/api/webauthn', { deviceResponse: said.answer, token, ...unlock });
  await session.vault.refresh().catch(() => {}); // as above
}

/** @param {HalfUnlock} half @param {Bytes} prf is wiped @returns {Promise<Unlock>} */
async function ended(half, prf) {
  const key = await passkeyKey(prf);
  wipe(prf);
  return endUnlock(half, key);
}
