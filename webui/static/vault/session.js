/**
 * Who is signed in on this page, and whether the vault is open. It derives
 * keys, proves passwords and decides when everything is forgotten. Keys stay
 * in memory, as objects whose bytes can't be read back.
 */
import { wipe } from '../crypto/bytes.js';
import { importKey } from '../crypto/enc-string.js';
import { serverHash, stretchedKey } from '../crypto/kdf.js';
import { Deriver } from './deriver.js';
import { Drafts, memoryShelf } from './drafts.js';
import { Entry } from './entry.js';
import { newer, openUserKey, wrappedOf } from './lock.js';
import { lockSettings, LockTimer } from './lock-timer.js';
import { Problem } from './problem.js';
import { Proof } from './proof.js';
import { Vault } from './vault.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('../crypto/kdf.js').Argon2} Argon2
 * @typedef {import('./entry.js').Admission} Admission
 * @typedef {import('./entry.js').Second} Second
 * @typedef {import('./lock.js').Lock} Lock
 * @typedef {import('./types.js').Kdf} Kdf
 * @typedef {import('./types.js').LockSettings} LockSettings
 * @typedef {import('./types.js').Profile} Profile
 * @typedef {'out'|'locked'|'enrol'|'open'} State enrol: signed in, but a second factor has to be added first
 * @typedef {''|'timer'|'blur'|'tab'|'expired'|'signout'|'passkey'} Reason passkey: it signed in, and can't open the vault
 * @typedef {{postMessage(message:any):void, onmessage:((event:any) => any)|null, close():void}} Channel
 * @typedef {{hash:string, stretched:SymmetricKey, userKey:Bytes, lock:Lock}} Lent what a password gives: stretched
 *   seals the user key; userKey is wiped afterwards
 */

/** Events: 'change' {state, reason} and 'progress' {part, done}. */
export class Session extends EventTarget {
  /** @type {State} */
  #state = 'out';
  /** @type {Lock|null} */
  #lock = null;
  /** @type {Profile|null} */
  #profile = null;
  /** Opens the vault once a second factor was added; null: it was open already. @type {SymmetricKey|null} */
  #waiting = null;
  /** Whether the items were fetched since the sign-in. */
  #fetched = false;
  #email = '';
  #timer;
  #deriver;
  #drafts;
  #channel;
  #entry;

  /**
   * @param {object} deps
   * @param {import('../net/api.js').Api} deps.api
   * @param {Argon2} deps.argon2
   * @param {import('./remember.js').Remember} deps.remember
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
    this.#entry = new Entry({ api, remember, deriver: this.#deriver, deviceName });
    this.proof = new Proof(api, now);
    this.#email = String(remember.get('email') ?? '');
    this.vault = new Vault({ api, drafts: this.#drafts, now: () => new Date(now()) });
    this.vault.onSync = (body) => this.#takeSync(body);
    api.onExpired = () => this.expire();
    api.onMissing = () => this.#mustEnrol(null);
    this.#channel = channel;
    if (channel) channel.onmessage = (event) => this.#hear(event.data);
    this.#timer = new LockTimer({
      lock: (reason) => this.lock(reason),
      touched: () => this.#channel?.postMessage({ kind: 'touch' }),
      now,
    });
    this.#timer.settings = lockSettings(remember.get('lock'));
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

  /** The passkeys that open this vault, wherever they work. @returns {import('./lock.js').PasskeyLock[]} */
  get passkeys() {
    return this.#lock?.passkeys ?? [];
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

  /** Watches a window for the lock timer. @param {EventTarget} target window @param {AbortSignal} [signal] */
  watch(target, signal) {
    this.#timer.watch(target, () => this.#leave(), signal);
  }

  /**
   * Signs in and opens the vault. @param {string} email @param {string} password
   * @param {{acceptKdf?:boolean}} [options] acceptKdf: the person says that they changed the KDF
   * @returns {Promise<void>} throws Problem signin.wrong, second.wanted (answerSecond goes on), kdf.weak,
   *   kdf.changed, keys.broken, enc.old; ApiError
   */
  async signIn(email, password, options = {}) {
    await this.#admit(await this.#entry.byPassword(email, password, options));
  }

  /**
   * Goes on with a sign-in that wants a second factor. @param {Second|null} second null asks for new challenges
   * @returns {Promise<void>} throws Problem second.wanted, second.over; ApiError second.wrong
   */
  async answerSecond(second) {
    await this.#admit(await this.#entry.bySecond(second));
  }

  /** Forgets a sign-in that waits for its second factor. */
  cancelSecond() {
    this.#entry.cancel();
  }

  /**
   * Signs in by a passkey alone. Where it can't open the vault, the page is
   * locked afterwards, with the reason 'passkey'.
   * @param {(values:Record<string,string>) => Promise<boolean>} accept whether the person changed the KDF
   * @returns {Promise<void>} throws Problem webauthn.*, kdf.*, keys.broken; ApiError
   */
  async signInByPasskey(accept) {
    await this.#admit(await this.#entry.byPasskey(accept));
    this.remember.set('passkey', true);
  }

  /**
   * Opens a locked vault; no request is needed. A sync follows by itself.
   * @param {string} password @returns {Promise<void>} throws Problem unlock.wrong
   */
  async unlock(password) {
    const lock = this.#shut();
    const { userKey } = await this.#openBy(password, lock, 'unlock.wrong');
    await this.#reopen(lock, userKey);
  }

  /** Opens a locked vault by one of its passkeys; no request is needed. @returns {Promise<void>} throws Problem webauthn.* */
  async unlockByPasskey() {
    const lock = this.#shut();
    const { openWith } = await import('./passkey-door.js');
    await this.#reopen(lock, await openWith(lock.passkeys));
  }

  /** Locks this page and every other tab. @param {Reason} [reason] */
  lock(reason = '') {
    if (this.#state !== 'open' && this.#state !== 'enrol') return;
    this.#channel?.postMessage({ kind: 'lock' });
    this.#close('locked', reason);
  }

  /**
   * Ends the session here, in every tab and at the server.
   * @param {{ended?:boolean}} [options] ended: the house ended it already
   */
  async signOut({ ended = false } = {}) {
    this.signOutTabs('signout');
    const ending = this.api.signedIn && !ended ? this.api.delete('/latchkey/session') : null;
    this.#drafts.clear();
    this.#close('out', 'signout');
    await ending?.catch(() => {}); // unreachable, it ends there by its age
  }

  /** Signs this person out in every other tab. @param {Reason} reason */
  signOutTabs(reason) {
    this.#channel?.postMessage({ kind: 'out', id: this.#profile?.id, reason });
  }

  /** This page can't go on, by the house or with it: sign in anew. */
  expire() {
    this.#close('out', 'expired');
  }

  /** Signs out and forgets the address. */
  async forget() {
    await this.signOut();
    this.#email = '';
    this.remember.set('email', undefined);
    this.remember.set('passkey', undefined);
  }

  /** A second factor was added: the vault opens. */
  async enrolled() {
    if (this.#state !== 'enrol') return;
    const key = this.#waiting;
    if (key) return this.#fetch(key);
    await this.vault.refresh();
    this.#state = 'open';
    this.#changed('');
  }

  /**
   * Checks a password here and lends what it gives; it is wiped afterwards.
   * @template T @param {string} password @param {(lent:Lent) => Promise<T>} use
   * @returns {Promise<T>} throws Problem password.wrong
   */
  async lend(password, use) {
    const lock = this.#lock;
    if (!lock) throw new Problem('locked');
    const lent = await this.#openBy(password, lock, 'password.wrong');
    try {
      return await use({ ...lent, lock });
    } finally {
      wipe(lent.userKey);
    }
  }

  /**
   * Checks a password here. @param {string} password
   * @returns {Promise<string>} masterPasswordHash, which a dangerous route wants; throws Problem password.wrong
   */
  verifyPassword(password) {
    return this.lend(password, async ({ hash }) => hash);
  }

  /** Takes in that the master password wraps the user key in another way now. @param {Kdf} kdf @param {string} wrapped */
  async rewrapped(kdf, wrapped) {
    if (this.#lock) this.#lock = { ...this.#lock, kdf, wrapped };
    await this.remember.setKdf(this.#email, kdf);
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

  /**
   * Derives, and opens the user key with it: a password that does so is right.
   * @param {string} password @param {Lock} lock @param {string} code of the Problem where it is wrong
   * @returns {Promise<Omit<Lent, 'lock'>>} the key for the caller to wipe
   */
  async #openBy(password, { salt, kdf, wrapped }, code) {
    const master = await this.#deriver.derive(password, salt, kdf);
    const hash = await serverHash(master, password);
    const stretched = await stretchedKey(master);
    wipe(master);
    return { hash, stretched, userKey: await openUserKey(stretched, wrapped, code) };
  }

  /** Takes a session in, and opens the vault where there is a key for it. @param {Admission} admission */
  async #admit({ answer, email, salt, kdf, hash, userKey }) {
    const key = userKey && (await importKey(userKey));
    wipe(userKey);
    this.#close('out', '');
    this.api.setTokens({ access: answer.access_token, refresh: answer.refresh_token });
    this.#email = email;
    this.#lock = { salt, kdf, wrapped: wrappedOf(answer), passkeys: [] };
    try {
      this.remember.set('email', email);
      await this.remember.setKdf(email, kdf);
      if (key) await this.#fetch(key, hash);
      else this.#close('locked', 'passkey');
    } catch (error) {
      this.#close('out', '');
      throw error;
    }
  }

  /** Fetches the items and opens them, unless a second factor is wanted first. @param {SymmetricKey} key @param {string} [hash] proves it to the house */
  async #fetch(key, hash = '') {
    try {
      await this.vault.fetch(key, (part, done) => this.#tell(part, done));
    } catch (error) {
      if (Object(error).code !== 'second.missing') throw error;
      if (hash) await this.proof.give({ masterPasswordHash: hash }).catch(() => {}); // the view asks again
      return this.#mustEnrol(key);
    }
    this.#fetched = true;
    this.#opened(key);
  }

  /** @param {SymmetricKey|null} key null: the vault is open, and the house wants a factor from now on */
  #mustEnrol(key) {
    if (key === null && this.#state !== 'open') return;
    this.#waiting = key;
    this.#state = 'enrol';
    this.#timer.start();
    this.#changed('');
  }

  /** The lock of a locked page. */
  #shut() {
    if (!this.#lock || this.#state !== 'locked') throw new Problem('locked');
    return this.#lock;
  }

  /** @param {Lock} lock @param {Bytes} userKey */
  async #reopen(lock, userKey) {
    const key = await importKey(userKey);
    wipe(userKey);
    if (!this.#fetched) return this.#fetch(key);
    await this.vault.unlock(key, (done) => this.#tell('open', done));
    if (this.#lock !== lock) return this.vault.lock();
    this.#opened(key);
    this.vault.refresh().catch(() => {}); // offline, the vault is as it was; an end of the session closes it
  }

  /** @param {any} body of a sync */
  #takeSync(body) {
    this.#profile = body?.profile ?? null;
    if (this.#lock) this.#lock = newer(this.#lock, body?.userDecryption);
  }

  /** @param {SymmetricKey} key */
  #opened(key) {
    this.#state = 'open';
    this.#waiting = null;
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
    this.#waiting = null;
    this.proof.forget();
    if (state === 'out') {
      this.vault.clear();
      this.api.setTokens(null);
      this.#lock = null;
      this.#profile = null;
      this.#fetched = false;
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

  /** @param {{kind:string, id?:string, reason?:Reason}} message of another tab */
  #hear(message) {
    if (message?.kind === 'touch') this.#timer.touchedElsewhere();
    if (message?.kind === 'lock' && /open|enrol/.test(this.#state)) this.#close('locked', 'tab');
    if (message?.kind === 'out' && message.id === this.#profile?.id)
      this.#close('out', message.reason ?? 'signout');
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
