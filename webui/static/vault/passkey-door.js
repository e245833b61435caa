/**
 * Passkeys as a way in: sign in by one, open a locked vault by one, prove who
 * sits here by one. It loads when a passkey is asked for, asks the browser for
 * it, and keeps nothing of what it gives.
 */
import { random, toBase64Url, wipe } from '../crypto/bytes.js';
import { SealError } from '../crypto/enc-string.js';
import { openUnlock, passkeyKey, prfSalt } from '../crypto/passkey-keys.js';
import { ask } from './authenticator.js';
import { Problem } from './problem.js';
import { worksHere } from './webauthn.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('../net/api.js').Api} Api
 * @typedef {import('./lock.js').PasskeyLock} PasskeyLock
 */

/**
 * Signs in by whichever passkey the person chooses.
 * @param {Api} api @param {(fields:Record<string,string>) => Promise<any>} grant asks the token endpoint
 * @returns {Promise<{answer:any, userKey:Bytes|null}>} userKey null: this passkey doesn't open the vault
 */
export async function signIn(api, grant) {
  const { options, token } = await api.get('/identity/accounts/webauthn/assertion-options');
  const said = await ask(options, { salt: await prfSalt() });
  let answer;
  try {
    const deviceResponse = JSON.stringify(said.answer);
    answer = await grant({ grant_type: 'webauthn', token, deviceResponse });
    const told = answer.UserDecryptionOptions?.WebAuthnPrfOption;
    if (!told?.EncryptedPrivateKey || !said.prf) return { answer, userKey: null };
    const { EncryptedPrivateKey: encryptedPrivateKey, EncryptedUserKey: encryptedUserKey } = told;
    return { answer, userKey: await openBy({ encryptedPrivateKey, encryptedUserKey }, said.prf) };
  } catch (error) {
    if (Object(error).code !== 'passkey.broken') throw error;
    return { answer, userKey: null };
  } finally {
    wipe(said.prf);
  }
}

/**
 * Opens the user key by one of the passkeys that work here, without a request.
 * @param {PasskeyLock[]} passkeys @returns {Promise<Bytes>} throws Problem webauthn.*, passkey.*
 */
export async function openWith(passkeys) {
  const mine = passkeys.filter(worksHere);
  if (mine.length === 0) throw new Problem('webauthn.missing');
  const said = await ask(
    {
      challenge: toBase64Url(random(32)), // nobody checks the signature: what counts is the PRF
      rpId: mine[0].rpId,
      userVerification: 'required',
      timeout: 120_000,
      allowCredentials: mine.map(({ credentialId: id, transports }) => ({ id, transports })),
    },
    { salt: await prfSalt() },
  );
  return userKeyOf(said, mine);
}

/**
 * The user key by what a passkey said. @param {{answer:object, prf:Bytes|null}} said its prf is wiped
 * @param {PasskeyLock[]} passkeys @returns {Promise<Bytes>} throws Problem passkey.locked, passkey.broken
 */
export async function userKeyOf(said, passkeys) {
  try {
    const used = passkeys.find(({ credentialId }) => credentialId === Object(said.answer).id);
    if (!used || !said.prf) throw new Problem('passkey.locked');
    return await openBy(used, said.prf);
  } finally {
    wipe(said.prf);
  }
}

/** @param {{encryptedPrivateKey:string, encryptedUserKey:string}} unlock @param {Bytes} prf */
async function openBy(unlock, prf) {
  try {
    return await openUnlock(unlock, await passkeyKey(prf));
  } catch (error) {
    if (error instanceof SealError) throw new Problem('passkey.broken', {}, error);
    throw error;
  }
}
