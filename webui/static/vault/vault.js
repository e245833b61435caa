/**
 * The vault while it is open: its items and folders, what is searched and
 * counted of them, and the writes that change them. It asks the server through
 * the Api that it is given, and draws nothing.
 */
import { openText } from '../crypto/enc-string.js';
import { eachInSlices } from './breath.js';
import { openItem, openSummary, openTexts, readerOf, summaryOf } from './cipher.js';
import { merge } from './merge.js';
import { countPlaces, inPlace } from './places.js';
import { Problem } from './problem.js';
import { recall, remember } from './remembered.js';
import { find } from './search.js';
import { Shelf } from './shelf.js';
import { Writer } from './writer.js';

/**
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('../net/api.js').Api} Api
 * @typedef {import('./drafts.js').Drafts} Drafts
 * @typedef {import('./types.js').Folder} Folder
 * @typedef {import('./types.js').Item} Item
 * @typedef {import('./types.js').RawCipher} RawCipher
 * @typedef {import('./types.js').Summary} Summary
 */

/** As many rows as a tall screen shows, and some to scroll to, have their texts before the list is drawn. */
const FIRST = 100;

const SYNC = '/api/sync?excludeDomains=true';

/**
 * One person's vault. Event 'change' with detail {ids?, all?} after each
 * change of what is shown.
 */
export class Vault extends EventTarget {
  /** @type {SymmetricKey|null} */
  #key = null;
  #shelf = new Shelf();
  /** @type {Folder[]} */
  #folders = [];
  /** What is kept, sealed, over a lock. @type {{ciphers:RawCipher[], folders:RawCipher[], etag:string}} */
  #sealed = { ciphers: [], folders: [], etag: '' };
  /** What was read of them when the vault was last open, sealed too; '' for nothing. */
  #remembered = '';
  /** @type {Promise<void>} */
  #learning = Promise.resolve();
  #ready = false;
  #writer;

  /**
   * @param {object} deps
   * @param {Api} deps.api
   * @param {Drafts} deps.drafts
   * @param {() => Date} [deps.now]
   */
  constructor({ api, drafts, now = () => new Date() }) {
    super();
    this.api = api;
    this.drafts = drafts;
    /** Told of each sync's body before its items are taken in. @type {(body:any) => void} */
    this.onSync = () => {};
    this.#writer = new Writer({
      api,
      now,
      key: () => this.#openKey(),
      shelf: () => this.#shelf,
      folders: () => this.#folders,
      setFolder: (id, raw, name) => this.#setFolder(id, raw, name),
      changed: (ids) => this.#changed(ids),
      refresh: () => this.#refreshNow(),
    });
  }

  /** Items by name; a new list after each change. @returns {readonly Summary[]} */
  get items() {
    return this.#shelf.items;
  }

  /** Folders by name. @returns {readonly Folder[]} */
  get folders() {
    return this.#folders;
  }

  /** Whether addresses and notes can be searched already. */
  get ready() {
    return this.#ready;
  }

  /** Resolves when `ready` is true, or the vault was locked. */
  whenReady() {
    return this.#learning;
  }

  /** @param {string} id @returns {Summary|undefined} */
  get(id) {
    return this.#shelf.get(id)?.shown;
  }

  /**
   * The items of a place that answer a query, best first.
   * @param {string} query @param {{place?:string}} [where] @returns {Summary[]}
   */
  search(query, { place = 'all' } = {}) {
    const here = this.#shelf.sorted.filter((entry) => inPlace(entry.shown, place));
    return find(here, query).map((entry) => entry.shown);
  }

  /** How many items each place has. @returns {Record<string, number>} */
  counts() {
    return countPlaces(this.#shelf.items, this.#folders);
  }

  /**
   * The whole item, decrypted now: the caller's own copy.
   * @param {string} id @returns {Promise<Item>} throws Problem locked, item.gone
   */
  async open(id) {
    const key = this.#openKey();
    const entry = this.#shelf.get(id);
    if (entry?.saving) return structuredClone(entry.saving);
    if (!entry?.raw) throw new Problem('item.gone');
    return openItem(entry.raw, key);
  }

  /**
   * One value of an item, for a copy: a field of its login, card, identity or
   * SSH key. @param {string} id @param {string} name @returns {Promise<string>} '' where there is none
   */
  async secret(id, name) {
    const item = await this.open(id);
    if (name === 'notes') return item.notes;
    for (const part of [item.login, item.card, item.identity, item.ssh]) {
      const value = /** @type {any} */ (part)?.[name];
      if (typeof value === 'string') return value;
    }
    return '';
  }

  /**
   * Every item whole, in slices, for an export. @param {(done:number) => void} [onDone] 0..1
   * @returns {Promise<Item[]>}
   */
  async openAll(onDone) {
    const key = this.#openKey();
    const raws = this.#shelf.sorted.flatMap((entry) => entry.raw ?? []);
    /** @type {Item[]} */
    const items = [];
    await eachInSlices(
      raws,
      async (raw, i) => {
        items[i] = await openItem(raw, key);
      },
      { onDone },
    );
    return items;
  }

  /**
   * Fetches the vault for the first time. @param {SymmetricKey} key
   * @param {(part:'fetch'|'open', done:number|null) => void} tell
   */
  async fetch(key, tell) {
    tell('fetch', null);
    const { body, etag } = await this.api.getIfChanged(SYNC, '');
    const { ciphers, folders } = contentOf(body);
    this.onSync(body);
    this.#sealed = { ciphers, folders, etag };
    await this.unlock(key, (done) => tell('open', done));
  }

  /**
   * Opens what was fetched before. Resolves when the list can be drawn; the
   * texts for the search follow.
   * @param {SymmetricKey} key @param {(done:number) => void} [onDone] 0..1
   */
  async unlock(key, onDone) {
    const { ciphers, folders } = this.#sealed;
    const shelf = new Shelf();
    this.#ready = false;
    this.#folders = await openFolders(folders, key);
    const known = await recall(this.#remembered, key);
    await eachInSlices(
      ciphers,
      async (raw) => {
        const read = known.get(raw.id);
        if (read !== undefined && read.revision === raw.revisionDate) {
          shelf.restore(summaryOf(raw, read.title, false), read);
          return;
        }
        const reader = await readerOf(raw, key);
        shelf.put(await openSummary(raw, reader), reader);
      },
      { onDone },
    );
    await learn(shelf, shelf.sorted.slice(0, FIRST));
    this.#key = key;
    this.#shelf = shelf;
    this.#changed(null);
    this.#learning = this.#learnRest(shelf);
  }

  /** Forgets everything decrypted; what the server sent stays, sealed. */
  lock() {
    if (this.#key === null) return;
    this.#key = null;
    const ciphers = [...this.#shelf.all()].flatMap((entry) => entry.raw ?? []);
    this.#sealed = { ...this.#sealed, ciphers };
    this.#shelf.clear();
    this.#shelf = new Shelf();
    this.#folders = [];
    this.#ready = false;
    this.#changed(null);
  }

  /** Forgets everything. */
  clear() {
    this.lock();
    this.#sealed = { ciphers: [], folders: [], etag: '' };
    this.#remembered = '';
  }

  /**
   * Asks whether anything changed on the server, and takes it in.
   * @returns {Promise<boolean>} whether it did
   */
  refresh() {
    return this.#writer.inTurn(() => this.#refreshNow());
  }

  /**
   * Creates an item (id '') or updates one. It shows at once; if the server
   * refuses, it is taken back and the promise rejects: ApiError, or Problem
   * item.changed, item.broken, item.gone.
   * @param {Item} item @returns {Promise<Item>} as it was saved
   */
  save(item) {
    return this.#writer.save(item, false);
  }

  /** Saves an earlier copy over whatever is there now: the undo of a save. @param {Item} before */
  revert(before) {
    return this.#writer.save(before, true);
  }

  /**
   * Creates many items in one request. @param {Item[]} items @param {(done:number) => void} [onDone] 0..1
   */
  saveMany(items, onDone) {
    return this.#writer.saveMany(items, onDone);
  }

  /** To the trash. @param {string[]} ids @returns {Promise<() => Promise<void>>} the undo */
  trash(ids) {
    return this.#writer.trash(ids);
  }

  /** Out of the trash. @param {string[]} ids @returns {Promise<() => Promise<void>>} the undo */
  restore(ids) {
    return this.#writer.restore(ids);
  }

  /** @param {string[]} ids @returns {Promise<() => Promise<void>>} the undo */
  archive(ids) {
    return this.#writer.archive(ids);
  }

  /** @param {string[]} ids @returns {Promise<() => Promise<void>>} the undo */
  unarchive(ids) {
    return this.#writer.unarchive(ids);
  }

  /** @param {string[]} ids @param {string|null} folderId @returns {Promise<() => Promise<void>>} the undo */
  move(ids, folderId) {
    return this.#writer.move(ids, folderId);
  }

  /** @param {string} id @param {boolean} favourite @returns {Promise<() => Promise<void>>} the undo */
  favourite(id, favourite) {
    return this.#writer.favourite(id, favourite);
  }

  /** Deletes for ever. @param {string[]} ids @returns {Promise<void>} */
  remove(ids) {
    return this.#writer.remove(ids);
  }

  /** @param {{id?:string, name:string}} folder without an id: a new one @returns {Promise<Folder>} */
  saveFolder(folder) {
    return this.#writer.saveFolder(folder);
  }

  /** Deletes a folder; its items stay, in none. @param {string} id @returns {Promise<void>} */
  removeFolder(id) {
    return this.#writer.removeFolder(id);
  }

  /**
   * Has the user key changed while no write is under way, and goes on under the
   * new one. What waited to be written fails: it holds texts of the old one.
   * @param {(body:any) => Promise<SymmetricKey>} change is given all that the house has; if it throws, all stays
   * @param {(part:'fetch'|'open', done:number|null) => void} tell
   */
  rekey(change, tell) {
    return this.#writer.inTurn(async () => {
      const body = await this.#newest('');
      if (body === null) throw new Problem('locked');
      const before = this.#shelf;
      const key = await change(body);
      this.#writer.renew();
      await this.fetch(key, tell);
      this.#shelf.succeed(before);
    });
  }

  async #refreshNow() {
    return (await this.#newest(this.#sealed.etag)) !== null;
  }

  /** Takes in what the house has. @param {string} known etag @returns {Promise<any>} null where nothing changed */
  async #newest(known) {
    const key = this.#openKey();
    const { changed, body, etag } = await this.api.getIfChanged(SYNC, known);
    if (!changed || this.#key !== key) return null;
    const content = contentOf(body);
    this.onSync(body);
    const folders = await openFolders(content.folders, key);
    await merge(this.#shelf, content.ciphers, key);
    if (this.#key !== key) return null;
    this.#sealed = { ciphers: [], folders: content.folders, etag };
    this.#folders = folders;
    this.#changed(null);
    return body;
  }

  /** Reads the other rows' texts once the list is drawn. @param {Shelf} shelf */
  async #learnRest(shelf) {
    const stopped = () => this.#shelf !== shelf;
    await learn(shelf, shelf.sorted, stopped);
    if (stopped()) return;
    this.#ready = true;
    this.#changed(null);
    const remembered = await remember(shelf.all(), this.#openKey());
    if (!stopped()) this.#remembered = remembered;
  }

  #openKey() {
    if (this.#key === null) throw new Problem('locked');
    return this.#key;
  }

  /** @param {string} id @param {RawCipher|null} raw null: it is gone @param {string} name */
  #setFolder(id, raw, name) {
    const others = this.#folders.filter((folder) => folder.id !== id);
    const rawOthers = this.#sealed.folders.filter((folder) => folder.id !== id);
    this.#folders = raw ? sortFolders([...others, { id, name }]) : others;
    this.#sealed = { ...this.#sealed, folders: raw ? [...rawOthers, raw] : rawOthers };
    this.#changed(null);
  }

  /** @param {string[]|null} ids null for everything */
  #changed(ids) {
    const detail = ids === null ? { all: true } : { ids };
    this.dispatchEvent(new CustomEvent('change', { detail }));
  }
}

/**
 * What a sync holds. One that lacks its lists is no empty vault, and must not
 * be shown as one. @param {any} body
 * @returns {{ciphers:RawCipher[], folders:RawCipher[]}} throws Problem sync.broken
 */
function contentOf(body) {
  const { ciphers, folders } = body ?? {};
  if (!Array.isArray(ciphers) || !Array.isArray(folders)) throw new Problem('sync.broken');
  return { ciphers, folders };
}

/**
 * Reads the texts beside the names. @param {Shelf} shelf
 * @param {readonly import('./shelf.js').Entry[]} entries @param {() => boolean} [stopped]
 */
function learn(shelf, entries, stopped) {
  const read = async (/** @type {import('./shelf.js').Entry} */ entry) => {
    const { raw, reader } = entry;
    if (!raw || !reader) return;
    const texts = await openTexts(raw, reader);
    if (entry.reader === reader) shelf.learn(entry, texts);
  };
  return eachInSlices(entries, read, { stopped });
}

/** @param {RawCipher[]} raws @param {SymmetricKey} key @returns {Promise<Folder[]>} */
async function openFolders(raws, key) {
  const folders = await Promise.all(
    raws.map(async (raw) => ({
      id: String(raw.id),
      name: await openText(raw.name, key).catch(() => ''),
    })),
  );
  return sortFolders(folders);
}

/** @param {Folder[]} folders */
function sortFolders(folders) {
  return [...folders].sort((a, b) => a.name.localeCompare(b.name));
}
