/**
 * Who is signed in on this page, and whether the vault is open. It derives
 * keys, proves passwords and decides when everything is forgotten. Keys stay
 * in memory, as objects whose bytes can't be read back.
 */
import { Argon2Worker } from '../crypto/argon2.js';
import { wipe } from '../crypto/bytes.js';
import { importKey, open, SealError } from '../crypto/enc-string.js';
import {
  describeKdf,
  HOUSE_KDF,
  isAcceptable,
  isLower,
  kdfOf,
  normalEmail,
  serverHash,
  stretchedKey,
} from '../crypto/kdf.js';
import { Api, ApiError } from '../net/api.js';
import { change, registration, wrap } from './account-keys.js';
import { describeBrowser } from './browser.js';
import { Deriver } from './deriver.js';
import { Drafts, memoryShelf, openShelf } from './drafts.js';
import { lockSettings, LockTimer } from './lock-timer.js';
import { Problem } from './problem.js';
import { Remember } from './remember.js';
import { Vault } from './vault.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('../crypto/kdf.js').Argon2} Argon2
 * @typedef {import('./types.js').Kdf} Kdf
 * @typedef {import('./types.js').LockSettings} LockSettings
 * @typedef {import('./types.js').Profile} Profile
 * @typedef {'out'|'locked'|'open'} State
 * @typedef {''|'timer'|'blur'|'tab'|'expired'|'signout'} Reason
 * @typedef {{salt:string, kdf:Kdf, wrapped:string}} Lock what the master password opens
 * @typedef {{postMessage(message:any):void, onmessage:((event:any) => any)|null, close():void}} Channel
 */

const TOKEN = '/identity/connect/token';

/** Events: 'change' {state, reason} and 'progress' {part, done}. */
export class Session extends EventTarget {
  /** @type {State} */
  #state = 'out';
  /** @type {Lock|null} */
  #lock = null;
  /** @type {Profile|null} */
  #profile = null;
  #email = '';
  #timer;
  #deriver;
  #drafts;
  #channel;
  #deviceName;

  /**
   * @param {object} deps
   * @param {Api} deps.api
   * @param {Argon2} deps.argon2
   * @param {Remember} deps.remember
   * @param {import('./drafts.js').Shelf} [deps.shelf] where sealed drafts lie
   * @param {Channel|null} [deps.channel] to the other tabs
   * @param {string} [deps.deviceName]
   * @param {() => number} [deps.now] milliseconds since 1970
   * @param {() => void} [deps.warm] makes ready to derive
   */
  constructor({
    api,
    argon2,
    remember,
    shelf = memoryShelf(),
    channel = null,
    deviceName = 'Browser',
    now = Date.now,
    warm = () => {},
  }) {
    super();
    this.api = api;
    this.remember = remember;
    /** Makes ready to derive, while the password is being typed. */
    this.warm = warm;
    this.#drafts = new Drafts(shelf);
    this.#deriver = new Deriver(argon2, (done) => this.#tell('derive', done));
    this.#deviceName = deviceName;
    this.#email = String(remember.get('email') ?? '');
    this.vault = new Vault({ api, drafts: this.#drafts, now: () => new Date(now()) });
    this.vault.onSync = (body) => this.#takeSync(body);
    api.onExpired = () => this.#close('out', 'expired');
    this.#channel = channel;
    if (channel) channel.onmessage = (event) => this.#hear(event.data);
    this.#timer = new LockTimer({
      lock: (reason) => this.lock(reason),
      touched: () => this.#channel?.postMessage({ kind: 'touch' }),
      now,
    });
    this.#timer.settings = lockSettings(remember.get('lock'));
  }

  /** A session of this browser. */
  static open() {
    const browser = describeBrowser(globalThis.navigator.userAgent);
    const remember = Remember.open();
    const api = new Api({ deviceType: browser.type, deviceId: remember.device });
    const worker = new Argon2Worker();
    return new Session({
      api,
      remember,
      argon2: (password, salt, kdf) => worker.derive(password, salt, kdf),
      warm: () => worker.warm(),
      shelf: openShelf(),
      channel: new BroadcastChannel('latchkey'),
      deviceName: browser.name,
    });
  }

  get state() {
    return this.#state;
  }

  /** The address of who is signed in, or was last here; '' for nobody. */
  get email() {
    return this.#email;
  }

  /** @returns {Profile|null} of the last sync */
  get profile() {
    return this.#profile;
  }

  /** @returns {Kdf|null} of the account that is signed in */
  get kdf() {
    return this.#lock ? { ...this.#lock.kdf } : null;
  }

  /** When the vault locks by itself; remembered on this device. @returns {LockSettings} */
  get lockTimer() {
    return { ...this.#timer.settings };
  }

  set lockTimer(settings) {
    this.#timer.settings = lockSettings(settings);
    this.remember.set('lock', this.#timer.settings);
    this.#channel?.postMessage({ kind: 'settings' });
  }

  /**
   * Watches a window for the lock timer. @param {EventTarget} target window
   * @param {AbortSignal} [signal]
   */
  watch(target, signal) {
    const listen = (/** @type {string} */ kind, /** @type {(event:any) => void} */ act) =>
      target.addEventListener(kind, act, { signal, passive: true, capture: true });
    for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
      listen(kind, () => this.#timer.touch());
    }
    // Focus events of elements come by here, too; only the window's own count.
    listen('blur', (event) => event.target === target && this.#timer.blur());
    listen('focus', () => this.#timer.look());
    listen('visibilitychange', () => this.#timer.look());
    listen('pagehide', () => this.#leave());
  }

  /**
   * Signs in and opens the vault. @param {string} email @param {string} password
   * @param {{acceptKdf?:boolean}} [options] acceptKdf: the person says that they changed the KDF
   * @returns {Promise<void>} throws Problem signin.wrong, kdf.weak, kdf.changed, keys.broken, enc.old; ApiError
   */
  async signIn(email, password, { acceptKdf = false } = {}) {
    const who = normalEmail(email);
    const { salt, kdf } = await this.#prelogin(who, acceptKdf);
    const master = await this.#deriver.derive(password, salt, kdf);
    const answer = await this.#token(who, await serverHash(master, password));
    try {
      const wrapped = wrappedKey(answer);
      const userKey = await openUserKey(master, wrapped, 'keys.broken');
      const key = await importKey(userKey);
      wipe(userKey);
      this.#close('out', '');
      this.#setTokens(answer);
      this.#email = who;
      this.#lock = { salt, kdf, wrapped };
      this.remember.set('email', who);
      await this.remember.setKdf(who, kdf);
      await this.vault.fetch(key, (part, done) => this.#tell(part, done));
      this.#opened(key);
    } catch (error) {
      if (this.#state !== 'open') this.#close('out', '');
      throw error;
    } finally {
      wipe(master);
    }
  }

  /**
   * Opens a locked vault; no request is needed. A sync follows by itself.
   * @param {string} password @returns {Promise<void>} throws Problem unlock.wrong
   */
  async unlock(password) {
    const lock = this.#lock;
    if (!lock || this.#state !== 'locked') throw new Problem('locked');
    const userKey = await this.#prove(password, lock, 'unlock.wrong');
    const key = await importKey(userKey.key);
    wipe(userKey.key, userKey.master);
    await this.vault.unlock(key, (done) => this.#tell('open', done));
    if (this.#lock !== lock) return this.vault.lock();
    this.#opened(key);
    this.vault.refresh().catch(() => {}); // offline, the vault is as it was; an end of the session closes it
    return undefined;
  }

  /** Locks this page and every other tab. @param {Reason} [reason] */
  lock(reason = '') {
    if (this.#state !== 'open') return;
    this.#channel?.postMessage({ kind: 'lock' });
    this.#close('locked', reason);
  }

  /** Ends the session here, in every tab and at the server. */
  async signOut() {
    this.#channel?.postMessage({ kind: 'out', id: this.#profile?.id });
    const ending = this.api.signedIn ? this.api.delete('/latchkey/session') : null;
    this.#drafts.clear();
    this.#close('out', 'signout');
    await ending?.catch(() => {}); // unreachable, it ends there by its age
  }

  /** Signs out and forgets the address. */
  async forget() {
    await this.signOut();
    this.#email = '';
    this.remember.set('email', undefined);
  }

  /**
   * Makes an account: keys are made here. Sign in afterwards.
   * @param {{email:string, name:string, password:string, token?:string}} who token: of the invitation
   */
  async register({ email, name, password, token }) {
    const salt = normalEmail(email);
    const kdf = { ...HOUSE_KDF };
    const master = await this.#deriver.derive(password, salt, kdf);
    const body = await registration({ email: salt, name, token }, { password, salt, kdf, master });
    wipe(master);
    await this.api.post('/identity/accounts/register/finish', body);
    await this.remember.setKdf(salt, kdf);
  }

  /**
   * Checks a password here. @param {string} password
   * @returns {Promise<string>} masterPasswordHash, which a dangerous route wants; throws Problem password.wrong
   */
  async verifyPassword(password) {
    const proof = await this.#prove(password, this.#signedIn(), 'password.wrong');
    wipe(proof.key);
    const hash = await serverHash(proof.master, password);
    wipe(proof.master);
    return hash;
  }

  /** @param {string} current @param {string} next */
  async changePassword(current, next) {
    await this.#rewrap('/api/accounts/password', current, next, this.#signedIn().kdf);
  }

  /** @param {string} password @param {Kdf} kdf throws Problem kdf.weak below the floors */
  async changeKdf(password, kdf) {
    if (!isAcceptable(kdf)) throw new Problem('kdf.weak', { kdf: describeKdf(kdf) });
    await this.#rewrap('/api/accounts/kdf', password, password, kdf);
  }

  /** Ends every session of this person, this one too. @param {string} password */
  async signOutEverywhere(password) {
    const masterPasswordHash = await this.verifyPassword(password);
    await this.api.post('/api/accounts/security-stamp', { masterPasswordHash });
    await this.signOut();
  }

  /** Deletes the account and all of its items, for ever. @param {string} password */
  async deleteAccount(password) {
    const masterPasswordHash = await this.verifyPassword(password);
    await this.api.delete('/api/accounts', { masterPasswordHash });
    this.#channel?.postMessage({ kind: 'out', id: this.#profile?.id });
    this.#drafts.clear();
    this.#close('out', 'signout');
  }

  /** @param {string} name */
  async rename(name) {
    const profile = await this.api.put('/api/accounts/profile', { name, culture: 'en-US' });
    if (this.#profile) this.#profile = { ...this.#profile, ...profile };
    this.#changed('');
  }

  /**
   * A master key of any password: for protected exports.
   * @param {string} password @param {string} salt @param {Kdf} kdf @returns {Promise<Bytes>}
   */
  derive(password, salt, kdf) {
    return this.#deriver.derive(password, salt, kdf);
  }

  /** What prelogin says, if it may be obeyed. @param {string} email @param {boolean} acceptKdf */
  async #prelogin(email, acceptKdf) {
    const answer = await this.api.post('/identity/accounts/prelogin/password', { email });
    const kdf = kdfOf(answer);
    if (!isAcceptable(kdf)) throw new Problem('kdf.weak', { kdf: describeKdf(kdf) });
    const before = await this.remember.kdf(email);
    if (before && isLower(before, kdf) && !acceptKdf) {
      throw new Problem('kdf.changed', { before: describeKdf(before), now: describeKdf(kdf) });
    }
    const salt = typeof answer?.salt === 'string' && answer.salt !== '' ? answer.salt : email;
    return { salt, kdf };
  }

  /** @param {string} email @param {string} hash @returns {Promise<any>} throws Problem signin.wrong */
  async #token(email, hash) {
    try {
      return await this.api.form(TOKEN, {
        grant_type: 'password',
        scope: 'api offline_access',
        client_id: 'web',
        deviceType: String(this.api.deviceType),
        deviceIdentifier: this.remember.device,
        deviceName: this.#deviceName,
        username: email,
        password: hash,
      });
    } catch (error) {
      if (error instanceof ApiError && error.grant === 'invalid_username_or_password') {
        throw new Problem('signin.wrong', {}, error);
      }
      throw error;
    }
  }

  /** @param {any} answer of the token endpoint */
  #setTokens(answer) {
    this.api.setTokens({ access: answer.access_token, refresh: answer.refresh_token });
  }

  /**
   * Derives, and opens the user key with it: a password that does so is right.
   * @param {string} password @param {Lock} lock @param {string} code of the Problem where it is wrong
   * @returns {Promise<{key:Bytes, master:Bytes}>} for the caller to wipe
   */
  async #prove(password, { salt, kdf, wrapped }, code) {
    const master = await this.#deriver.derive(password, salt, kdf);
    return { key: await openUserKey(master, wrapped, code), master };
  }

  /**
   * Wraps the user key anew. The server ends the other sessions, and maybe
   * this one: so it signs in again. @param {string} path
   * @param {string} current @param {string} next @param {Kdf} kdf
   */
  async #rewrap(path, current, next, kdf) {
    const lock = this.#signedIn();
    const proof = await this.#prove(current, lock, 'password.wrong');
    const master = await this.#deriver.derive(next, lock.salt, kdf);
    const wrapped = await wrap(proof.key, { password: next, salt: lock.salt, kdf, master });
    const body = change(await serverHash(proof.master, current), wrapped);
    wipe(proof.key, proof.master, master);
    await this.api.post(path, body);
    this.#lock = { salt: lock.salt, kdf, wrapped: wrapped.unlock.masterKeyWrappedUserKey };
    await this.remember.setKdf(this.#email, kdf);
    const hash = wrapped.authentication.masterPasswordAuthenticationHash;
    this.#setTokens(await this.#token(this.#email, hash));
  }

  #signedIn() {
    if (!this.#lock) throw new Problem('locked');
    return this.#lock;
  }

  /** @param {any} body of a sync */
  #takeSync(body) {
    this.#profile = body?.profile ?? null;
    const unlock = body?.userDecryption?.masterPasswordUnlock;
    const wrapped = unlock?.masterKeyWrappedUserKey ?? unlock?.masterKeyEncryptedUserKey;
    // Changed on another device: the next unlock takes the new password. Its
    // KDF is obeyed by the same rules as at sign-in.
    if (!this.#lock || typeof wrapped !== 'string' || wrapped === this.#lock.wrapped) return;
    const kdf = kdfOf(unlock);
    if (isAcceptable(kdf) && !isLower(this.#lock.kdf, kdf)) {
      this.#lock = { salt: String(unlock.salt ?? this.#lock.salt), kdf, wrapped };
    }
  }

  /** @param {import('../crypto/enc-string.js').SymmetricKey} key */
  #opened(key) {
    this.#state = 'open';
    this.#drafts.open(this.#profile?.id ?? this.#email, key);
    this.#timer.start();
    this.#changed('');
  }

  /** @param {'locked'|'out'} state @param {Reason} reason */
  #close(state, reason) {
    const was = this.#state;
    this.#timer.stop();
    this.#drafts.lock();
    this.vault.lock();
    if (state === 'out') {
      this.vault.clear();
      this.api.setTokens(null);
      this.#lock = null;
      this.#profile = null;
    }
    this.#state = state;
    if (was !== state) this.#changed(reason);
  }

  /** The page is being closed, or put aside. */
  #leave() {
    if (!this.#timer.settings.onClose || !this.api.signedIn) return;
    this.api.delete('/latchkey/session', undefined, { keepalive: true }).catch(() => {});
    this.#close('out', 'signout');
  }

  /** @param {{kind:string, id?:string}} message of another tab */
  #hear(message) {
    if (message?.kind === 'touch') this.#timer.touchedElsewhere();
    if (message?.kind === 'lock' && this.#state === 'open') this.#close('locked', 'tab');
    if (message?.kind === 'out' && message.id === this.#profile?.id) this.#close('out', 'signout');
    if (message?.kind === 'settings') this.#timer.settings = lockSettings(this.remember.get('lock'));
  }

  /** @param {Reason} reason */
  #changed(reason) {
    const detail = { state: this.#state, reason };
    this.dispatchEvent(new CustomEvent('change', { detail }));
  }

  /** @param {'derive'|'fetch'|'open'} part @param {number|null} done */
  #tell(part, done) {
    this.dispatchEvent(new CustomEvent('progress', { detail: { part, done } }));
  }
}

/** @param {any} answer of the token endpoint @returns {string} */
function wrappedKey(answer) {
  const unlock = answer?.UserDecryptionOptions?.MasterPasswordUnlock;
  return unlock?.MasterKeyWrappedUserKey ?? unlock?.MasterKeyEncryptedUserKey ?? answer?.Key;
}

/**
 * @param {Bytes} master @param {string} wrapped @param {string} code of the Problem where it does not open
 * @returns {Promise<Bytes>} 64 bytes, for the caller to wipe
 */
async function openUserKey(master, wrapped, code) {
  try {
    const key = await open(wrapped, await stretchedKey(master));
    if (key.length !== 64) throw new SealError('shape');
    return key;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    wipe(master);
    throw new Problem(error.why === 'old' ? 'enc.old' : code, {}, error);
  }
}
