/**
 * Every write to the vault. Each shows at once, then asks the server, one
 * after the other; what the server refuses is taken back as it was.
 */
import { sealText } from '../crypto/enc-string.js';
import { eachInSlices } from './breath.js';
import { KINDS, openItem } from './cipher.js';
import { sealItem } from './cipher-seal.js';
import { absorb } from './merge.js';
import { Problem } from './problem.js';

/**
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('./shelf.js').Entry} Entry
 * @typedef {import('./shelf.js').Shelf} Shelf
 * @typedef {import('./types.js').Folder} Folder
 * @typedef {import('./types.js').Item} Item
 * @typedef {import('./types.js').RawCipher} RawCipher
 * @typedef {import('./types.js').Summary} Summary
 * @typedef {() => Promise<void>} Undo
 * @typedef {object} Core
 * @property {import('../net/api.js').Api} api
 * @property {() => Date} now
 * @property {() => SymmetricKey} key     throws Problem locked
 * @property {() => Shelf} shelf
 * @property {() => Folder[]} folders
 * @property {(id:string, raw:RawCipher|null, name:string) => void} setFolder null: it is gone
 * @property {(ids:string[]|null) => void} changed
 * @property {() => Promise<boolean>} refresh
 */

/** The vault's writes. */
export class Writer {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** Counts the user keys; what was begun under one is not sent under the next. */
  #era = 0;
  #core;

  /** @param {Core} core */
  constructor(core) {
    this.#core = core;
  }

  /**
   * Runs work after all that was begun before it. @template T
   * @param {() => Promise<T>} work @returns {Promise<T>}
   */
  inTurn(work) {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => {});
    return mine;
  }

  /** The user key is another from now on. */
  renew() {
    this.#era++;
  }

  /** @param {number} era throws Problem key.changed */
  #wantEra(era) {
    if (era !== this.#era) throw new Problem('key.changed');
  }

  /** @param {Item} item @param {boolean} over whether a newer version is overwritten @returns {Promise<Item>} */
  async save(item, over) {
    const { api, now } = this.#core;
    const key = this.#core.key();
    const shelf = this.#core.shelf();
    if (item.broken) throw new Problem('item.broken');
    const copy = structuredClone(item);
    const entry = copy.id === '' ? shelf.begin(shownOf(copy, now())) : shelf.get(copy.id);
    if (!entry) throw new Problem('item.gone');
    if (copy.id !== '') shelf.show(entry, shownOf(copy, now(), entry.shown));
    entry.saving = copy;
    this.#core.changed([entry.id]);
    const send = async () => {
      const before = await this.#current(shelf, entry, key);
      if (before?.broken) throw new Problem('item.broken');
      const known = !before || before.revision === copy.revision || entry.kin.has(copy.revision);
      if (!known && !over) throw new Problem('item.changed');
      const body = await sealItem(copy, before, key, now());
      return before ? api.put(`/api/ciphers/${entry.id}`, body) : api.post('/api/ciphers', body);
    };
    return this.#attempt(shelf, [entry], async () => {
      // Told that there is a newer one, fetch that: it is asked about, or saved over.
      const raw = await send().catch((error) => {
        if (Object(error).code !== 'item.stale') throw error;
        entry.stale = true;
        return send();
      });
      const was = entry.id;
      await absorb(shelf, entry, raw, key);
      if (was !== entry.id) this.#core.changed([was]);
      return openItem(raw, key);
    });
  }

  /** The item as the server has it now. @param {Shelf} shelf @param {Entry} entry @param {SymmetricKey} key */
  async #current(shelf, entry, key) {
    if (entry.raw === null) return null;
    if (entry.stale) {
      const { shown } = entry;
      await absorb(shelf, entry, await this.#core.api.get(`/api/ciphers/${entry.id}`), key);
      shelf.show(entry, shown);
    }
    return openItem(entry.raw, key);
  }

  /** @param {Item[]} items @param {(done:number) => void} [onDone] */
  async saveMany(items, onDone) {
    const { api, now } = this.#core;
    const era = this.#era;
    const key = this.#core.key();
    /** @type {RawCipher[]} */
    const ciphers = [];
    await eachInSlices(
      items,
      async (item, i) => {
        ciphers[i] = await sealItem({ ...item, id: '' }, null, key, now());
      },
      { onDone },
    );
    const used = this.#core.folders().filter((f) => items.some((item) => item.folderId === f.id));
    const folders = await Promise.all(
      used.map(async ({ id, name }) => ({ id, name: await sealText(name, key) })),
    );
    const at = new Map(used.map((folder, i) => [folder.id, i]));
    const folderRelationships = items.flatMap((item, i) => {
      const value = at.get(item.folderId ?? '');
      return value === undefined ? [] : [{ key: i, value }];
    });
    await this.inTurn(async () => {
      this.#wantEra(era);
      await api.post('/api/ciphers/import', { ciphers, folders, folderRelationships });
      await this.#core.refresh();
    });
  }

  /** @param {string[]} ids @returns {Promise<Undo>} */
  async trash(ids) {
    const at = this.#core.now().toISOString();
    await this.#mark(
      ids,
      () => ({ deleted: at }),
      { deletedDate: at },
      (some) => this.#core.api.put('/api/ciphers/delete', { ids: some }),
    );
    return async () => void (await this.restore(ids));
  }

  /** @param {string[]} ids @returns {Promise<Undo>} */
  async restore(ids) {
    await this.#mark(
      ids,
      () => ({ deleted: null }),
      { deletedDate: null },
      (some) => this.#core.api.put('/api/ciphers/restore', { ids: some }),
    );
    return async () => void (await this.trash(ids));
  }

  /** @param {string[]} ids @returns {Promise<Undo>} */
  async archive(ids) {
    const at = this.#core.now().toISOString();
    await this.#mark(
      ids,
      () => ({ archived: at }),
      { archivedDate: at },
      (some) => this.#core.api.put('/api/ciphers/archive', { ids: some }),
    );
    return async () => void (await this.unarchive(ids));
  }

  /** @param {string[]} ids @returns {Promise<Undo>} */
  async unarchive(ids) {
    await this.#mark(
      ids,
      () => ({ archived: null }),
      { archivedDate: null },
      (some) => this.#core.api.put('/api/ciphers/unarchive', { ids: some }),
    );
    return async () => void (await this.archive(ids));
  }

  /** @param {string[]} ids @param {string|null} folderId @returns {Promise<Undo>} */
  async move(ids, folderId) {
    const from = groupBy(ids, (id) => this.#core.shelf().get(id)?.shown.folderId ?? null);
    await this.#mark(
      ids,
      () => ({ folderId }),
      { folderId },
      (some) => this.#core.api.put('/api/ciphers/move', { ids: some, folderId }),
    );
    return async () => {
      for (const [folder, some] of from) await this.move(some, folder);
    };
  }

  /** @param {string} id @param {boolean} favourite @returns {Promise<Undo>} */
  async favourite(id, favourite) {
    await this.#mark(
      [id],
      () => ({ favourite }),
      { favorite: favourite },
      async () => {
        const folderId = this.#core.shelf().get(id)?.base?.folderId ?? null;
        const body = { folderId, favorite: favourite };
        return { data: [await this.#core.api.put(`/api/ciphers/${id}/partial`, body)] };
      },
    );
    return async () => void (await this.favourite(id, !favourite));
  }

  /** @param {string[]} ids */
  async remove(ids) {
    this.#core.key();
    const shelf = this.#core.shelf();
    const entries = this.#entries(ids);
    for (const entry of entries) shelf.drop(entry.id);
    this.#core.changed(ids);
    await this.#attempt(shelf, entries, () => this.#core.api.delete('/api/ciphers', { ids }));
  }

  /** @param {{id?:string, name:string}} folder @returns {Promise<Folder>} */
  saveFolder({ id, name }) {
    return this.inTurn(async () => {
      const body = { name: await sealText(name, this.#core.key()) };
      const { api } = this.#core;
      const raw = id ? await api.put(`/api/folders/${id}`, body) : await api.post('/api/folders', body);
      this.#core.setFolder(String(raw.id), raw, name);
      return { id: String(raw.id), name };
    });
  }

  /** @param {string} id */
  removeFolder(id) {
    return this.inTurn(async () => {
      await this.#core.api.delete(`/api/folders/${id}`);
      const shelf = this.#core.shelf();
      for (const entry of [...shelf.all()]) {
        if (entry.base?.folderId === id) settle(shelf, entry, { folderId: null }, { folderId: null });
      }
      this.#core.setFolder(id, null, '');
    });
  }

  /**
   * Changes marks of items, not their content. @param {string[]} ids
   * @param {() => Partial<Summary>} change as it shows @param {RawCipher} rawChange as the server has it
   * @param {(ids:string[]) => Promise<any>} ask whose answer may list the ciphers
   */
  async #mark(ids, change, rawChange, ask) {
    const key = this.#core.key();
    const shelf = this.#core.shelf();
    const entries = this.#entries(ids).filter((entry) => entry.base !== null);
    if (entries.length === 0) return;
    for (const entry of entries) shelf.show(entry, { ...change(), pending: true });
    this.#core.changed(ids);
    await this.#attempt(shelf, entries, async () => {
      const answer = await ask(entries.map((entry) => entry.id));
      const raws = new Map((answer?.data ?? []).map((/** @type {RawCipher} */ raw) => [raw?.id, raw]));
      for (const entry of entries) {
        const raw = raws.get(entry.id);
        if (raw) await absorb(shelf, entry, raw, key);
        else settle(shelf, entry, change(), rawChange);
      }
    });
  }

  /** @param {string[]} ids @returns {Entry[]} */
  #entries(ids) {
    return ids.flatMap((id) => this.#core.shelf().get(id) ?? []);
  }

  /**
   * Does work in its turn; if it fails, the entries show again what the server
   * has. @template T @param {Shelf} shelf @param {Entry[]} entries @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #attempt(shelf, entries, work) {
    const ids = entries.map((entry) => entry.id);
    const era = this.#era;
    try {
      return await this.inTurn(() => {
        this.#wantEra(era);
        return work();
      });
    } catch (error) {
      for (const entry of entries) shelf.rollBack(entry);
      throw error;
    } finally {
      for (const entry of entries) entry.saving = null;
      if (shelf === this.#core.shelf())
        this.#core.changed([...new Set([...ids, ...entries.map((e) => e.id)])]);
    }
  }
}

/**
 * The server did it, and did not say which revision that made.
 * @param {Shelf} shelf @param {Entry} entry @param {Partial<Summary>} change @param {RawCipher} rawChange
 */
function settle(shelf, entry, change, rawChange) {
  if (entry.base === null) return;
  const raw = { ...entry.base.raw, ...rawChange };
  shelf.confirm(entry, { ...entry.base, ...change, raw, pending: false });
  entry.stale = true;
}

/** How an item under way shows. @param {Item} item @param {Date} now @param {Summary} [shown] @returns {Summary} */
function shownOf(item, now, shown) {
  const at = now.toISOString();
  const { login } = item;
  return {
    id: item.id || `new:${crypto.randomUUID()}`,
    type: item.type,
    kind: KINDS[item.type] ?? 'other',
    name: item.name,
    subtitle: subtitleOf(item),
    favourite: item.favourite,
    folderId: item.folderId,
    reprompt: item.reprompt,
    revision: shown?.revision ?? at,
    created: shown?.created ?? at,
    deleted: shown?.deleted ?? null,
    archived: shown?.archived ?? null,
    broken: false,
    pending: true,
    attachments: shown?.attachments ?? 0,
    raw: shown?.raw ?? {},
    ...(login && {
      login: {
        username: login.username,
        uris: login.uris,
        hasPassword: login.password !== '',
        hasTotp: login.totp !== '',
        passkeys: login.passkeys.length,
      },
    }),
  };
}

/** @param {Item} item */
function subtitleOf({ login, card, identity }) {
  if (identity) return `${identity.firstName} ${identity.lastName}`.trim();
  return login?.username ?? card?.brand ?? '';
}

/** @template K @param {string[]} ids @param {(id:string) => K} of @returns {Map<K, string[]>} */
function groupBy(ids, of) {
  /** @type {Map<K, string[]>} */
  const groups = new Map();
  for (const id of ids) {
    const group = groups.get(of(id));
    if (group) group.push(id);
    else groups.set(of(id), [id]);
  }
  return groups;
}
