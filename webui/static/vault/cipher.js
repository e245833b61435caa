/**
 * Opens the server's ciphers: first the names that the list is sorted by, then
 * the texts that rows show and the search needs, and the whole item only when it is asked for.
 * What can't be opened is marked as broken and hides nothing else.
 */
import { toBase64, utf8, wipe } from '../crypto/bytes.js';
import { importKey, open, openText, SealError } from '../crypto/enc-string.js';

/**
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('./types.js').RawCipher} RawCipher
 * @typedef {import('./types.js').Summary} Summary
 * @typedef {import('./types.js').Item} Item
 * @typedef {import('./types.js').Kind} Kind
 * @typedef {import('./types.js').Uri} Uri
 * @typedef {{key:SymmetricKey|null, broken:boolean}} Reader
 * @typedef {{subtitle:string, uris:Uri[], notes:string, broken:boolean}} Texts
 */

export const LOGIN = 1;
export const NOTE = 2;
export const CARD = 3;
export const IDENTITY = 4;
export const SSH = 5;

/** The kinds by the wire's number. @type {Readonly<Record<number, Kind>>} */
export const KINDS = Object.freeze({ 1: 'login', 2: 'note', 3: 'card', 4: 'identity', 5: 'ssh' });

export const CARD_FIELDS = Object.freeze(
  /** @type {const} */ (['cardholderName', 'brand', 'number', 'expMonth', 'expYear', 'code']),
);

export const IDENTITY_FIELDS = Object.freeze(
  /** @type {const} */ ([
    'title',
    'firstName',
    'middleName',
    'lastName',
    'address1',
    'address2',
    'address3',
    'city',
    'state',
    'postalCode',
    'country',
    'company',
    'email',
    'phone',
    'ssn',
    'username',
    'passportNumber',
    'licenseNumber',
  ]),
);

/** Our names of an SSH key's fields, and the wire's. */
export const SSH_FIELDS = Object.freeze({
  privateKey: 'privateKey',
  publicKey: 'publicKey',
  fingerprint: 'keyFingerprint',
});

export const PASSKEY_FIELDS = Object.freeze(
  /** @type {const} */ ([
    'credentialId',
    'keyType',
    'keyAlgorithm',
    'keyCurve',
    'keyValue',
    'rpId',
    'userHandle',
    'userName',
    'counter',
    'rpName',
    'userDisplayName',
    'discoverable',
  ]),
);

/**
 * An empty item to fill in. @param {number} [type] @returns {Item}
 */
export function blank(type = LOGIN) {
  /** @type {Item} */
  const item = {
    id: '',
    type,
    name: '',
    notes: '',
    favourite: false,
    folderId: null,
    reprompt: false,
    revision: '',
    created: '',
    deleted: null,
    archived: null,
    broken: false,
    fields: [],
    history: [],
    raw: null,
  };
  if (type === LOGIN) {
    item.login = { username: '', password: '', totp: '', uris: [], passwordRevision: null, passkeys: [] };
  }
  if (type === CARD) item.card = /** @type {any} */ (empty(CARD_FIELDS));
  if (type === IDENTITY) item.identity = /** @type {any} */ (empty(IDENTITY_FIELDS));
  if (type === SSH) item.ssh = /** @type {any} */ (empty(Object.keys(SSH_FIELDS)));
  return item;
}

/** @param {readonly string[]} names */
function empty(names) {
  return Object.fromEntries(names.map((name) => [name, '']));
}

/**
 * The key that a cipher's fields are under: its own, or the user key.
 * @param {RawCipher} raw @param {SymmetricKey} userKey @returns {Promise<SymmetricKey>} throws SealError
 */
export async function keyOf(raw, userKey) {
  if (raw.key === null || raw.key === undefined || raw.key === '') return userKey;
  const bytes = await open(raw.key, userKey);
  try {
    return await importKey(bytes);
  } finally {
    wipe(bytes);
  }
}

/**
 * What a cipher's fields are read with; key is null where the cipher's own key
 * could not be opened, or belongs to an organisation.
 * @param {RawCipher} raw @param {SymmetricKey} userKey @returns {Promise<Reader>}
 */
export async function readerOf(raw, userKey) {
  if (raw.organizationId) return { key: null, broken: true };
  try {
    return { key: await keyOf(raw, userKey), broken: false };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { key: null, broken: true };
  }
}

/**
 * Reads one field; an absent one is '', a broken one is '' and marks the reader.
 * @param {unknown} value @param {Reader} reader @returns {Promise<string>}
 */
async function text(value, reader) {
  if (value === null || value === undefined || value === '') return '';
  if (reader.key === null) return '';
  try {
    return await openText(value, reader.key);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    reader.broken = true;
    return '';
  }
}

/** @param {unknown} value @returns {any[]} */
function list(value) {
  return Array.isArray(value) ? value : [];
}

/** @param {unknown} value @returns {string|null} */
function date(value) {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The part of an item that the server may see; costs nothing. @param {RawCipher} raw */
export function partsOf(raw) {
  return {
    id: String(raw.id),
    type: Number(raw.type),
    favourite: raw.favorite === true,
    folderId: date(raw.folderId),
    reprompt: raw.reprompt === 1,
    revision: String(raw.revisionDate ?? ''),
    created: String(raw.creationDate ?? ''),
    deleted: date(raw.deletedDate),
    archived: date(raw.archivedDate),
  };
}

/**
 * Opens an item's name, which the list is sorted by; the rest of a row comes
 * with openTexts. @param {RawCipher} raw @param {Reader} reader @returns {Promise<Summary>}
 */
export async function openSummary(raw, reader) {
  const name = await text(raw.name, reader);
  return summaryOf(raw, name, reader.broken);
}

/**
 * What can be shown of an item once its name is known.
 * @param {RawCipher} raw @param {string} name @param {boolean} broken @returns {Summary}
 */
export function summaryOf(raw, name, broken) {
  /** @type {Summary} */
  const summary = {
    ...partsOf(raw),
    kind: KINDS[raw.type] ?? 'other',
    name,
    subtitle: '',
    broken,
    pending: false,
    attachments: list(raw.attachments).length,
    raw,
  };
  if (raw.type === LOGIN) {
    summary.login = {
      username: '',
      uris: [],
      hasPassword: Boolean(raw.login?.password),
      hasTotp: Boolean(raw.login?.totp),
      passkeys: list(raw.login?.fido2Credentials).length,
    };
  }
  return summary;
}

/** @param {RawCipher} raw @param {Reader} reader @returns {Promise<string>} */
async function openSubtitle(raw, reader) {
  switch (raw.type) {
    case LOGIN:
      return text(raw.login?.username, reader);
    case CARD:
      return text(raw.card?.brand, reader);
    case IDENTITY: {
      const [first, last] = await Promise.all([
        text(raw.identity?.firstName, reader),
        text(raw.identity?.lastName, reader),
      ]);
      return `${first} ${last}`.trim();
    }
  }
  return '';
}

/**
 * Opens the texts beside the name: what a row shows, and what the search reads.
 * @param {RawCipher} raw @param {Reader} reader @returns {Promise<Texts>}
 */
export async function openTexts(raw, reader) {
  const rawUris = list(raw.login?.uris).filter((uri) => uri?.uri);
  const [subtitle, notes, ...texts] = await Promise.all([
    openSubtitle(raw, reader),
    text(raw.notes, reader),
    ...rawUris.map((uri) => text(uri.uri, reader)),
  ]);
  const uris = texts.map((uri, i) => ({ uri, match: rawUris[i].match ?? null }));
  return { subtitle, uris, notes, broken: reader.broken };
}

/**
 * Opens the whole item. @param {RawCipher} raw @param {SymmetricKey} userKey @returns {Promise<Item>}
 */
export async function openItem(raw, userKey) {
  const reader = await readerOf(raw, userKey);
  const [name, notes, fields, history, part] = await Promise.all([
    text(raw.name, reader),
    text(raw.notes, reader),
    openFields(raw, reader),
    openHistory(raw, reader),
    openPart(raw, reader),
  ]);
  return { ...partsOf(raw), name, notes, fields, history, ...part, broken: reader.broken, raw };
}

/** @param {RawCipher} raw @param {Reader} reader @returns {Promise<Partial<Item>>} */
async function openPart(raw, reader) {
  switch (raw.type) {
    case LOGIN:
      return { login: await openLogin(raw, reader) };
    case CARD:
      return { card: /** @type {any} */ (await openNamed(raw.card, CARD_FIELDS, reader)) };
    case IDENTITY:
      return { identity: /** @type {any} */ (await openNamed(raw.identity, IDENTITY_FIELDS, reader)) };
    case SSH: {
      const [privateKey, publicKey, fingerprint] = await Promise.all(
        Object.values(SSH_FIELDS).map((name) => text(raw.sshKey?.[name], reader)),
      );
      return { ssh: { privateKey, publicKey, fingerprint } };
    }
  }
  return {};
}

/** @param {any} from @param {readonly string[]} names @param {Reader} reader */
async function openNamed(from, names, reader) {
  const texts = await Promise.all(names.map((name) => text(from?.[name], reader)));
  return Object.fromEntries(names.map((name, i) => [name, texts[i]]));
}

/** @param {RawCipher} raw @param {Reader} reader @returns {Promise<import('./types.js').Login>} */
async function openLogin(raw, reader) {
  const login = raw.login ?? {};
  const [username, password, totp, uris, passkeys] = await Promise.all([
    text(login.username, reader),
    text(login.password, reader),
    text(login.totp, reader),
    Promise.all(
      list(login.uris)
        .filter((uri) => uri?.uri)
        .map((uri) => openUri(uri, raw, reader)),
    ),
    Promise.all(list(login.fido2Credentials).map((passkey) => openPasskey(passkey, reader))),
  ]);
  const passwordRevision = date(login.passwordRevisionDate);
  return { username, password, totp, uris, passwordRevision, passkeys };
}

/**
 * Where an item has a key of its own, each address carries a checksum; without
 * the right one a server may have put another field's ciphertext there.
 * @param {any} rawUri @param {RawCipher} raw @param {Reader} reader @returns {Promise<Uri>}
 */
async function openUri(rawUri, raw, reader) {
  const uri = await text(rawUri.uri, reader);
  const match = rawUri.match ?? null;
  if (!raw.key || reader.key === null || uri === '') return { uri, match };
  const probe = { key: reader.key, broken: false };
  const told = await text(rawUri.uriChecksum, probe);
  return told === (await checksum(uri)) ? { uri, match } : { uri, match, suspect: true };
}

/** The wire's checksum of an address. @param {string} uri @returns {Promise<string>} base64 of its SHA-256 */
export async function checksum(uri) {
  return toBase64(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(uri))));
}

/** @param {any} rawPasskey @param {Reader} reader @returns {Promise<import('./types.js').Passkey>} */
async function openPasskey(rawPasskey, reader) {
  const opened = await openNamed(rawPasskey, PASSKEY_FIELDS, reader);
  return /** @type {any} */ ({ ...opened, creationDate: String(rawPasskey?.creationDate ?? '') });
}

/** @param {RawCipher} raw @param {Reader} reader @returns {Promise<import('./types.js').Field[]>} */
function openFields(raw, reader) {
  return Promise.all(
    list(raw.fields).map(async (field) => ({
      type: /** @type {0|1|2|3} */ (Number(field.type ?? 0)),
      name: await text(field.name, reader),
      value: await text(field.value, reader),
      linkedId: field.linkedId ?? null,
    })),
  );
}

/** @param {RawCipher} raw @param {Reader} reader @returns {Promise<{password:string, date:string}[]>} */
function openHistory(raw, reader) {
  return Promise.all(
    list(raw.passwordHistory).map(async (old) => ({
      password: await text(old.password, reader),
      date: String(old.lastUsedDate ?? ''),
    })),
  );
}
