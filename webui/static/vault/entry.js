/**
 * The way in: asks the house for a session by a password and a second factor,
 * or by a passkey. While a factor is awaited it keeps what was made of the
 * password, for a few minutes and never the password itself. It opens no vault.
 */
import { wipe } from '../crypto/bytes.js';
import { kdfOf, normalEmail, serverHash, stretchedKey } from '../crypto/kdf.js';
import { ApiError } from '../net/api.js';
import { derivationOf, emailOf, openUserKey, wantObeyable, wrappedOf } from './lock.js';
import { Problem } from './problem.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('./types.js').Kdf} Kdf
 */

/**
 * A session that the house gave.
 * @typedef {object} Admission
 * @property {any} answer        of the token endpoint
 * @property {string} email
 * @property {string} salt
 * @property {Kdf} kdf
 * @property {string} hash       what the house gets in place of the password, '' where none was typed
 * @property {Bytes|null} userKey for the taker to wipe; null where nothing at hand opens it
 */

/** A password that was right, waiting. @typedef {{email:string, salt:string, kdf:Kdf, hash:string, stretched:SymmetricKey}} Waiting */

/** A second factor; provider by the wire's numbers. @typedef {{provider:number, token:string, remember:boolean}} Second */

/** The wire's numbers of the ways to show a second factor. */
export const WAYS = Object.freeze({ totp: 0, remembered: 5, key: 7, recovery: 8 });

const TOKEN = '/identity/connect/token';

/** Milliseconds that a sign-in waits for its second factor: as long as the house's challenges live. */
const WAITS = 5 * 60_000;

/** One page's way in. */
export class Entry {
  /** @type {Waiting|null} */
  #waiting = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #end;

  /**
   * @param {object} deps
   * @param {import('../net/api.js').Api} deps.api
   * @param {import('./remember.js').Remember} deps.remember
   * @param {import('./deriver.js').Deriver} deps.deriver
   * @param {string} deps.deviceName
   */
  constructor({ api, remember, deriver, deviceName }) {
    this.api = api;
    this.remember = remember;
    this.deriver = deriver;
    this.deviceName = deviceName;
  }

  /**
   * @param {string} email @param {string} password
   * @param {{acceptKdf?:boolean}} options acceptKdf: the person says that they changed the KDF
   * @returns {Promise<Admission>} throws Problem signin.wrong, second.wanted, kdf.*, keys.broken, enc.old; ApiError
   */
  async byPassword(email, password, { acceptKdf = false }) {
    const who = normalEmail(email);
    const { salt, kdf } = await this.#prelogin(who, acceptKdf);
    const master = await this.deriver.derive(password, salt, kdf);
    const hash = await serverHash(master, password);
    const stretched = await stretchedKey(master);
    wipe(master);
    this.#wait({ email: who, salt, kdf, hash, stretched });
    const token = await this.remember.second(who);
    try {
      return await this.bySecond(token ? { provider: WAYS.remembered, token, remember: false } : null);
    } catch (error) {
      const { code } = Object(error);
      if (code !== 'second.wanted') this.cancel();
      else if (token) await this.remember.setSecond(who, '');
      throw error;
    }
  }

  /**
   * Goes on with a password that waits. @param {Second|null} second null asks for new challenges
   * @returns {Promise<Admission>} throws Problem second.wanted, second.over; ApiError second.wrong
   */
  async bySecond(second) {
    const waiting = this.#waiting;
    if (!waiting) throw new Problem('second.over');
    const { email, salt, kdf, hash, stretched } = waiting;
    const factor = second ? fieldsOf(second) : {};
    const answer = await this.#grant({
      grant_type: 'password',
      username: email,
      password: hash,
      ...factor,
    });
    this.cancel();
    if (answer.TwoFactorToken) await this.remember.setSecond(email, answer.TwoFactorToken);
    const userKey = await openUserKey(stretched, wrappedOf(answer), 'keys.broken');
    return { answer, email, salt, kdf, hash, userKey };
  }

  /** Forgets a password that waits for its second factor. */
  cancel() {
    clearTimeout(this.#end);
    this.#waiting = null;
  }

  /**
   * @param {(values:Record<string,string>) => Promise<boolean>} accept whether the person changed the KDF
   * @returns {Promise<Admission>} throws Problem webauthn.*, kdf.*, keys.broken; ApiError
   */
  async byPasskey(accept) {
    const { signIn } = await import('./passkey-door.js');
    const { answer, userKey } = await signIn(this.api, (fields) => this.#grant(fields));
    const email = normalEmail(emailOf(answer));
    const { salt, kdf } = derivationOf(answer);
    const before = await this.remember.kdf(email);
    try {
      wantObeyable(kdf, before, false);
    } catch (error) {
      const { code, values } = Object(error);
      if (code !== 'kdf.changed' || !(await accept(values))) throw error;
    }
    return { answer, email, salt, kdf, hash: '', userKey };
  }

  /** What prelogin says, if it may be obeyed. @param {string} email @param {boolean} accepted */
  async #prelogin(email, accepted) {
    const answer = await this.api.post('/identity/accounts/prelogin/password', { email });
    const kdf = kdfOf(answer);
    wantObeyable(kdf, await this.remember.kdf(email), accepted);
    const salt = typeof answer?.salt === 'string' && answer.salt !== '' ? answer.salt : email;
    return { salt, kdf };
  }

  /** @param {Waiting} waiting */
  #wait(waiting) {
    this.cancel();
    this.#waiting = waiting;
    this.#end = setTimeout(() => this.cancel(), WAITS);
  }

  /** @param {Record<string,string>} fields @returns {Promise<any>} the token endpoint's answer */
  async #grant(fields) {
    try {
      return await this.api.form(TOKEN, {
        scope: 'api offline_access',
        client_id: 'web',
        deviceType: String(this.api.deviceType),
        deviceIdentifier: this.remember.device,
        deviceName: this.deviceName,
        ...fields,
      });
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

/** A second factor as fields of the token endpoint. @param {Second} second @returns {Record<string, string>} */
function fieldsOf({ provider, token, remember }) {
  return {
    twoFactorProvider: String(provider),
    twoFactorToken: token,
    twoFactorRemember: remember ? '1' : '0',
  };
}

/**
 * What the house has against a sign-in. Problem second.wanted carries
 * `providers`: the ways, by the wire's numbers, with what each needs.
 * @param {unknown} error @returns {unknown}
 */
function refusalOf(error) {
  if (!(error instanceof ApiError)) return error;
  const { code, grant, providers } = error;
  if (code === 'second.wrong' || code === 'second.clock' || code.startsWith('passkey.')) return error;
  if (providers) return Object.assign(new Problem('second.wanted', {}, error), { providers });
  if (grant === 'invalid_username_or_password') return new Problem('signin.wrong', {}, error);
  return error;
}
