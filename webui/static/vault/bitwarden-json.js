/**
 * Items in the form of Bitwarden's plain JSON export, and back. Other programs
 * read and write it, so what is read here is taken as hostile: every value is
 * checked or made a string, and what has no place is left out.
 */
import {
  blank,
  CARD,
  CARD_FIELDS,
  IDENTITY,
  IDENTITY_FIELDS,
  KINDS,
  LOGIN,
  NOTE,
  PASSKEY_FIELDS,
  SSH,
  SSH_FIELDS,
} from './cipher.js';

/**
 * @typedef {import('./types.js').Folder} Folder
 * @typedef {import('./types.js').Item} Item
 */

/**
 * @param {readonly Item[]} items @param {readonly Folder[]} folders
 * @returns {Record<string, unknown>} what the export file holds; the trash is left out
 */
export function toBitwarden(items, folders) {
  return {
    encrypted: false,
    folders: folders.map(({ id, name }) => ({ id, name })),
    items: items.filter((item) => item.deleted === null).map(itemOut),
  };
}

/** @param {Item} item */
function itemOut(item) {
  return {
    passwordHistory: item.history.map((old) => ({ password: old.password, lastUsedDate: old.date })),
    revisionDate: item.revision || null,
    creationDate: item.created || null,
    deletedDate: null,
    archivedDate: item.archived,
    id: item.id,
    organizationId: null,
    folderId: item.folderId,
    type: item.type,
    reprompt: item.reprompt ? 1 : 0,
    name: item.name,
    notes: item.notes || null,
    favorite: item.favourite,
    fields: item.fields.map(({ name, value, type, linkedId }) => ({ name, value, type, linkedId })),
    ...partOut(item),
    collectionIds: null,
  };
}

/** @param {Item} item */
function partOut({ type, login, card, identity, ssh }) {
  if (login) {
    return {
      login: {
        uris: login.uris.map(({ uri, match }) => ({ match, uri })),
        fido2Credentials: login.passkeys,
        username: login.username || null,
        password: login.password || null,
        totp: login.totp || null,
      },
    };
  }
  if (card) return { card: nullEmpty(card) };
  if (identity) return { identity: nullEmpty(identity) };
  if (ssh) {
    const { privateKey, publicKey, fingerprint } = ssh;
    return { sshKey: { privateKey, publicKey, keyFingerprint: fingerprint } };
  }
  return type === NOTE ? { secureNote: { type: 0 } } : {};
}

/** @param {Record<string, string>} part */
function nullEmpty(part) {
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, value || null]));
}

/**
 * @param {any} json the parsed file
 * @returns {{folders:Folder[], items:Item[], skipped:number}} folderId of an item is the file's; skipped: kinds that we don't know
 */
export function fromBitwarden(json) {
  const folders = list(json?.folders).map((folder) => ({
    id: string(folder?.id),
    name: string(folder?.name),
  }));
  const known = list(json?.items).filter((item) => item && KINDS[item.type] !== undefined);
  return {
    folders: folders.filter((folder) => folder.name !== ''),
    items: known.map(itemIn),
    skipped: list(json?.items).length - known.length,
  };
}

/** @param {any} from @returns {Item} */
function itemIn(from) {
  const item = blank(from.type);
  item.name = string(from.name);
  item.notes = string(from.notes);
  item.favourite = from.favorite === true;
  item.reprompt = from.reprompt === 1;
  item.folderId = string(from.folderId) || null;
  item.fields = list(from.fields).map((field) => ({
    type: [0, 1, 2, 3].includes(field?.type) ? field.type : 0,
    name: string(field?.name),
    value: string(field?.value),
    linkedId: Number.isInteger(field?.linkedId) ? field.linkedId : null,
  }));
  item.history = list(from.passwordHistory)
    .filter((old) => typeof old?.password === 'string')
    .map((old) => ({ password: old.password, date: isoDate(old.lastUsedDate) }));
  partIn(item, from);
  return item;
}

/** @param {Item} item @param {any} from */
function partIn(item, from) {
  if (item.type === LOGIN && item.login) {
    item.login.username = string(from.login?.username);
    item.login.password = string(from.login?.password);
    item.login.totp = string(from.login?.totp);
    item.login.uris = list(from.login?.uris)
      .filter((uri) => string(uri?.uri) !== '')
      .map((uri) => ({ uri: string(uri.uri), match: Number.isInteger(uri.match) ? uri.match : null }));
    item.login.passkeys = list(from.login?.fido2Credentials)
      .filter((passkey) => string(passkey?.credentialId) !== '')
      .map((passkey) => ({
        .../** @type {any} */ (named(passkey, PASSKEY_FIELDS)),
        creationDate: isoDate(passkey.creationDate),
      }));
  }
  if (item.type === CARD) item.card = /** @type {any} */ (named(from.card, CARD_FIELDS));
  if (item.type === IDENTITY) {
    item.identity = /** @type {any} */ (named(from.identity, IDENTITY_FIELDS));
  }
  if (item.type === SSH) {
    const entries = Object.entries(SSH_FIELDS);
    item.ssh = /** @type {any} */ (
      Object.fromEntries(entries.map(([ours, wire]) => [ours, string(from.sshKey?.[wire])]))
    );
  }
}

/** @param {any} from @param {readonly string[]} names */
function named(from, names) {
  return Object.fromEntries(names.map((name) => [name, string(from?.[name])]));
}

/** @param {unknown} value @returns {any[]} */
function list(value) {
  return Array.isArray(value) ? value : [];
}

/** @param {unknown} value */
function string(value) {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** @param {unknown} value */
function isoDate(value) {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return new Date(Number.isNaN(time) ? 0 : time).toISOString();
}
