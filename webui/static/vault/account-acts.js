/**
 * What a person does to their account once in a while: joining, a new master
 * password, a new KDF, leaving. It loads when one of these is done.
 */
import { wipe } from '../crypto/bytes.js';
import { describeKdf, HOUSE_KDF, isAcceptable, normalEmail } from '../crypto/kdf.js';
import { change, registration, wrap } from './account-keys.js';
import { Problem } from './problem.js';

/**
 * @typedef {import('./session.js').Session} Session
 * @typedef {import('./types.js').Kdf} Kdf
 */

/**
 * Makes an account: keys are made here. Sign in afterwards. @param {Session} session
 * @param {{email:string, name:string, password:string, token?:string}} who token: of the invitation
 */
export async function register(session, { email, name, password, token }) {
  const salt = normalEmail(email);
  const kdf = { ...HOUSE_KDF };
  const master = await session.derive(password, salt, kdf);
  const body = await registration({ email: salt, name, token }, { password, salt, kdf, master });
  wipe(master);
  await session.api.post('/identity/accounts/register/finish', body);
  await session.remember.setKdf(salt, kdf);
}

/** @param {Session} session @param {string} password @param {Kdf} kdf throws Problem kdf.weak below the floors */
export async function changeKdf(session, password, kdf) {
  if (!isAcceptable(kdf)) throw new Problem('kdf.weak', { kdf: describeKdf(kdf) });
  await rewrap(session, '/api/accounts/kdf', { current: password, next: password, kdf });
}

/** @param {Session} session @param {string} current @param {string} next */
export async function changePassword(session, current, next) {
  await rewrap(session, '/api/accounts/password', { current, next, kdf: null });
}

/**
 * Wraps the user key anew. The house ends this person's other sessions and
 * keeps this one.
 * @param {Session} session @param {string} path
 * @param {{current:string, next:string, kdf:Kdf|null}} what kdf null: as it is
 */
async function rewrap(session, path, { current, next, kdf: wanted }) {
  await session.lend(current, async ({ hash, userKey, lock }) => {
    const { salt } = lock;
    const kdf = wanted ?? lock.kdf;
    const master = await session.derive(next, salt, kdf);
    const wrapped = await wrap(userKey, { password: next, salt, kdf, master });
    wipe(master);
    await session.api.post(path, change(hash, wrapped));
    await session.rewrapped(kdf, wrapped.unlock.masterKeyWrappedUserKey);
  });
}

/** Ends every session of this person, this one too. @param {Session} session @param {string} password */
export async function signOutEverywhere(session, password) {
  const masterPasswordHash = await session.verifyPassword(password);
  await session.api.post('/api/accounts/security-stamp', { masterPasswordHash });
  await session.signOut({ ended: true });
}

/** Deletes the account and all of its items, for ever. @param {Session} session @param {string} password */
export async function deleteAccount(session, password) {
  const masterPasswordHash = await session.verifyPassword(password);
  await session.api.delete('/api/accounts', { masterPasswordHash });
  await session.signOut({ ended: true });
}
